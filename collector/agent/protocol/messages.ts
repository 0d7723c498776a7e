/** What the agent sends to a plugin's standard input. */
export type Message =
  | { readonly kind: 'quit' }
  | FunctionCall
  /** Cancelling, progress or anything else that asks for no answer. */
  | { readonly kind: 'other'; readonly line: string };

/** A call that must be answered, whatever the answer. */
export interface FunctionCall {
  readonly kind: 'function';
  /** Names the call in its answer. */
  readonly transaction: string;
  /** The function's name and its arguments, as one text. */
  readonly call: string;
}

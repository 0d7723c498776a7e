/** Messages of the agent on a plugin's standard input. */
export type Message =
  | { readonly kind: 'quit' }
  | FunctionCall
  /** A cancellation, a progress request or anything else that needs no answer. */
  | { readonly kind: 'other'; readonly line: string };

/** A call, which must always be answered. */
export interface FunctionCall {
  readonly kind: 'function';
  /** Identifies the call in its answer. */
  readonly transaction: string;
  /** The function's name and arguments as one text. */
  readonly call: string;
}

/** Messages of the agent on a plugin's standard input. */
export type Message =
  | { readonly kind: 'quit' }
  | FunctionCall
  | FunctionCancel
  /** A progress request or anything else that needs no answer. */
  | { readonly kind: 'other'; readonly line: string };

/** A call, which must always be answered. */
export interface FunctionCall {
  readonly kind: 'function';
  /** Identifies the call in its answer. */
  readonly transaction: string;
  /** Seconds that the caller waits; `undefined` if the agent does not say. */
  readonly timeout: number | undefined;
  /** The function's name and arguments as one text. */
  readonly call: string;
  /** The permissions of the caller, as the agent's bit mask; `undefined` if the agent does not say. */
  readonly permissions: number | undefined;
  /** The body of a `FUNCTION_PAYLOAD`, perhaps cut; `undefined` without one. */
  readonly payload: string | undefined;
}

/** The caller no longer waits for an answer. */
export interface FunctionCancel {
  readonly kind: 'cancel';
  readonly transaction: string;
}

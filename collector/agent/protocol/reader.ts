/**
 * Reads the agent's messages from a plugin's standard input.
 *
 * The agent sends `QUIT` without a newline, sometimes as its last bytes, so unfinished lines are checked for it, too.
 * The body of a `FUNCTION_PAYLOAD` can contain any line and is skipped.
 */

import type { Readable } from 'node:stream';
import split2 from 'split2';

import type { FunctionCall, Message } from './messages.ts';
import { split } from './quoting.ts';

const QUIT = 'QUIT';
const PAYLOAD_END = 'FUNCTION_PAYLOAD_END';
/** Longer lines are not messages: they are discarded so that they do not fill the memory. */
const LINES = { maxLength: 64 * 1024, skipOverflow: true };

/** Called for what is read. */
export interface Handlers {
  readonly message: (message: Message) => void;
  /** The stream ended or failed. */
  readonly end: () => void;
}

/** Passes every message on `input` to `handlers` until the input ends or fails. */
export function readMessages(input: Readable, handlers: Handlers): void {
  const lines = split2(LINES);
  let isBody = false;
  let payloadOf: FunctionCall | undefined;
  let unfinished = '';

  input.on('data', (chunk: Buffer) => {
    const text = chunk.toString('latin1');
    const newline = text.lastIndexOf('\n');
    // One more character than `QUIT`, to distinguish it from the start of a longer word.
    unfinished = (newline < 0 ? unfinished + text : text.slice(newline + 1)).slice(0, QUIT.length + 1);
    lines.write(chunk);
    if (unfinished === QUIT && !isBody) handlers.message({ kind: 'quit' });
  });
  input.on('end', () => lines.end());
  input.on('error', () => lines.end());

  const readBody = (line: string): void => {
    if (line.trim() !== PAYLOAD_END) return;
    isBody = false;
    if (payloadOf !== undefined) handlers.message(payloadOf);
  };
  const readLine = (line: string): void => {
    const [keyword, ...words] = split(line);
    if (keyword === undefined) return;
    const call = keyword.startsWith('FUNCTION') ? functionCall(words) : undefined;
    if (keyword === QUIT) handlers.message({ kind: 'quit' });
    else if (keyword === 'FUNCTION_PAYLOAD') [isBody, payloadOf] = [true, call];
    else if (keyword === 'FUNCTION' && call !== undefined) handlers.message(call);
    else handlers.message({ kind: 'other', line });
  };
  lines.on('data', (line: string) => (isBody ? readBody(line) : readLine(line)));
  lines.on('end', () => handlers.end());
}

/** The call in the words after the keyword; `undefined` without a transaction, which an answer needs. */
function functionCall([transaction = '', , call = '']: readonly string[]): FunctionCall | undefined {
  return transaction === '' ? undefined : { kind: 'function', transaction, call };
}

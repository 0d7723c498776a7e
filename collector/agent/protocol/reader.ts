/**
 * Reads the agent's messages from a plugin's standard input.
 *
 * The agent says `QUIT` without a newline, sometimes with nothing after it, so the start of an unfinished line is
 * looked at too. The body of a `FUNCTION_PAYLOAD` may hold any line and is passed over.
 */

import type { Readable } from 'node:stream';
import split2 from 'split2';

import type { FunctionCall, Message } from './messages.ts';
import { split } from './quoting.ts';

const QUIT = 'QUIT';
const PAYLOAD_END = 'FUNCTION_PAYLOAD_END';
/** A line that is still unfinished at this length is no message: it is thrown away instead of filling the memory. */
const LINES = { maxLength: 64 * 1024, skipOverflow: true };

/** What happens to what was read. */
export interface Handlers {
  readonly message: (message: Message) => void;
  /** The stream ended or broke: nothing will come any more. */
  readonly end: () => void;
}

/** Hands every message on `input` to `handlers` until it ends; the input's errors count as its end. */
export function readMessages(input: Readable, handlers: Handlers): void {
  const lines = split2(LINES);
  let isBody = false;
  let payloadOf: FunctionCall | undefined;
  let unfinished = '';

  input.on('data', (chunk: Buffer) => {
    const text = chunk.toString('latin1');
    const newline = text.lastIndexOf('\n');
    // One character more than the word tells `QUIT` from the start of a longer one.
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

/** The call that the words after the keyword stand for; `undefined` without the transaction that an answer needs. */
function functionCall([transaction = '', , call = '']: readonly string[]): FunctionCall | undefined {
  return transaction === '' ? undefined : { kind: 'function', transaction, call };
}

/**
 * Reads the agent's messages from a plugin's standard input.
 *
 * The agent sends `QUIT` without a newline, sometimes as its last bytes, so unfinished lines are checked for it, too.
 * The body of a `FUNCTION_PAYLOAD` can contain any line but its end.
 */

import type { Readable } from 'node:stream';
import split2 from 'split2';

import type { FunctionCall, Message } from './messages.ts';
import { split } from './quoting.ts';

const QUIT = 'QUIT';
const PAYLOAD_END = 'FUNCTION_PAYLOAD_END';
/** Longer lines are not messages: they are discarded so that they do not fill the memory. */
const LINES = { maxLength: 64 * 1024, skipOverflow: true };
/** Most characters of a body that are kept; arguments of a function are far shorter. */
export const MOST_PAYLOAD = 64 * 1024;

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
  let body = '';
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
    if (line.trim() === PAYLOAD_END) endBody();
    else if (body.length <= MOST_PAYLOAD) body += `${line}\n`;
  };
  const endBody = (): void => {
    if (payloadOf !== undefined) handlers.message({ ...payloadOf, payload: body.slice(0, MOST_PAYLOAD) });
    [isBody, body, payloadOf] = [false, '', undefined];
  };
  const readLine = (line: string): void => {
    const [keyword, ...words] = split(line);
    if (keyword === undefined) return;
    const call = keyword.startsWith('FUNCTION') ? functionCall(words) : undefined;
    if (keyword === QUIT) handlers.message({ kind: 'quit' });
    else if (keyword === 'FUNCTION_PAYLOAD') [isBody, payloadOf] = [true, call];
    else if (keyword === 'FUNCTION' && call !== undefined) handlers.message(call);
    else if (keyword === 'FUNCTION_CANCEL' && call !== undefined) {
      handlers.message({ kind: 'cancel', transaction: call.transaction });
    } else handlers.message({ kind: 'other', line });
  };
  lines.on('data', (line: string) => (isBody ? readBody(line) : readLine(line)));
  lines.on('end', () => {
    endBody();
    handlers.end();
  });
}

/** The call in the words after the keyword; `undefined` without a transaction, which an answer needs. */
function functionCall(words: readonly string[]): FunctionCall | undefined {
  const [transaction = '', timeout = '', call = '', permissions = ''] = words;
  if (transaction === '') return undefined;
  return {
    kind: 'function',
    transaction,
    timeout: /^[1-9]\d{0,5}$/.test(timeout) ? Number(timeout) : undefined,
    call,
    permissions: /^0x[\da-f]{1,8}$/i.test(permissions) ? Number(permissions) : undefined,
    payload: undefined,
  };
}

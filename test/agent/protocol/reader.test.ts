import { PassThrough, Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { FunctionCall, Message } from '../../../collector/agent/protocol/messages.ts';
import { MOST_PAYLOAD, readMessages } from '../../../collector/agent/protocol/reader.ts';

const CALL = 'FUNCTION tx-1 60 "conntrack:top proto:tcp" "0x13" "method=api"\n';
const CALLED: Message = called({
  transaction: 'tx-1',
  timeout: 60,
  call: 'conntrack:top proto:tcp',
  permissions: 0x13,
});
const PAYLOAD = 'FUNCTION_PAYLOAD tx-2 10 "config conntrack:stat update" "0x4" "user=me" "application/json"\n';
const PAID = called({ transaction: 'tx-2', timeout: 10, call: 'config conntrack:stat update', permissions: 4 });
const PAYLOAD_END = 'FUNCTION_PAYLOAD_END\n';
const QUIT: Message = { kind: 'quit' };

/** A call of which the agent says only this. */
function called(said: Partial<FunctionCall>): FunctionCall {
  const unsaid = { timeout: undefined, call: '', permissions: undefined, payload: undefined };
  return { kind: 'function', transaction: '', ...unsaid, ...said };
}

/** The call of {@link PAYLOAD} with a body. */
function paid(payload: string): Message {
  return { ...PAID, payload };
}

/** What is read from these pieces until the end of the input. */
async function readAll(pieces: readonly (string | Uint8Array)[]): Promise<Message[]> {
  const messages: Message[] = [];
  await new Promise<void>((resolve) => {
    const input = Readable.from(pieces.map((piece) => Buffer.from(piece)));
    readMessages(input, { message: (message) => messages.push(message), end: resolve });
  });
  return messages;
}

/** An input that stays open, and all that has been read from it. */
function open(): { send: (piece: string) => Promise<void>; input: PassThrough; seen: (Message | 'end')[] } {
  const input = new PassThrough();
  const seen: (Message | 'end')[] = [];
  readMessages(input, { message: (message) => seen.push(message), end: () => seen.push('end') });
  const send = async (piece: string): Promise<void> => {
    input.write(piece);
    await turn();
  };
  return { send, input, seen };
}

/** The text cut into pieces of so many bytes. */
function cut(text: string, bytes: number): Uint8Array[] {
  const whole = Buffer.from(text);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < whole.length; at += bytes) pieces.push(whole.subarray(at, at + bytes));
  return pieces;
}

/** What is left for a program that ends at the first QUIT. */
function untilQuit(messages: readonly Message[]): Message[] {
  const quit = messages.findIndex(({ kind }) => kind === 'quit');
  return quit < 0 ? [...messages] : messages.slice(0, quit + 1);
}

describe('a message', () => {
  it.each([
    ['a call', CALL, CALLED],
    ['a call without a transaction, which cannot be answered', 'FUNCTION\n', { kind: 'other', line: 'FUNCTION' }],
    ['a call without arguments', 'FUNCTION a 5 top\n', called({ transaction: 'a', timeout: 5, call: 'top' })],
    ['a call with windows line ends', CALL.replace('\n', '\r\n'), CALLED],
    ['a call that names nothing', 'FUNCTION a 5\n', called({ transaction: 'a', timeout: 5 })],
    ['a call without a time', 'FUNCTION a\n', called({ transaction: 'a' })],
    ['a call whose time is not a number', 'FUNCTION a soon top\n', called({ transaction: 'a', call: 'top' })],
    ['a call whose time is 0', 'FUNCTION a 0 top\n', called({ transaction: 'a', call: 'top' })],
    ['a call whose permissions are a word', 'FUNCTION a 0 top any\n', called({ transaction: 'a', call: 'top' })],
    [
      'a call with every permission',
      'FUNCTION a 5 top 0xFFFFFFFF\n',
      called({ transaction: 'a', timeout: 5, call: 'top', permissions: 0xffffffff }),
    ],
    [
      'a call with letters beyond ASCII',
      "FUNCTION a 5 'größe 漢字'\n",
      called({ transaction: 'a', timeout: 5, call: 'größe 漢字' }),
    ],
    ['a call without a transaction', 'FUNCTION\n', { kind: 'other', line: 'FUNCTION' }],
    ['a call with an empty transaction', 'FUNCTION "" 5 top\n', { kind: 'other', line: 'FUNCTION "" 5 top' }],
    ['a cancelled call', 'FUNCTION_CANCEL tx-1\n', { kind: 'cancel', transaction: 'tx-1' }],
    ['a cancellation of nothing', 'FUNCTION_CANCEL\n', { kind: 'other', line: 'FUNCTION_CANCEL' }],
    ['a question for progress', 'FUNCTION_PROGRESS tx-1\n', { kind: 'other', line: 'FUNCTION_PROGRESS tx-1' }],
    ['something unknown', 'HELLO "wide world"\n', { kind: 'other', line: 'HELLO "wide world"' }],
    ['QUIT on a line', 'QUIT\n', QUIT],
    ['QUIT on a windows line', 'QUIT\r\n', QUIT],
    ['a word that begins like QUIT', 'QUITE well\n', { kind: 'other', line: 'QUITE well' }],
    ['QUIT as an argument', 'HELLO QUIT\n', { kind: 'other', line: 'HELLO QUIT' }],
    ['QUIT in lower case', 'quit\n', { kind: 'other', line: 'quit' }],
  ])('is read: %s', async (_what, line, expected) => {
    expect(await readAll([line])).toEqual([expected]);
  });

  it.each([
    ['nothing', ''],
    ['an empty line', '\n'],
    ['blanks', ' \t\r\n'],
  ])('is not made of %s', async (_what, text) => {
    expect(await readAll([text])).toEqual([]);
  });

  it('without a newline is read when the input ends', async () => {
    expect(await readAll([CALL.trimEnd()])).toEqual([CALLED]);
  });

  it('is handed on before the next one comes', async () => {
    const { send, seen } = open();
    await send(CALL);
    expect(seen).toEqual([CALLED]);
    await send('HELLO\n');
    expect(seen).toEqual([CALLED, { kind: 'other', line: 'HELLO' }]);
  });
});

describe('the body of a call', () => {
  it('is handed on with the call after its end', async () => {
    const { send, seen } = open();
    await send(`${PAYLOAD}{"per_cpu": true}\n${CALL}QUIT\n`);
    expect(seen).toEqual([]);
    await send(`${PAYLOAD_END}${CALL}`);
    expect(seen).toEqual([paid(`{"per_cpu": true}\n${CALL}QUIT\n`), CALLED]);
  });

  it('may be empty', async () => {
    expect(await readAll([PAYLOAD + PAYLOAD_END + CALL])).toEqual([paid(''), CALLED]);
  });

  it('may end with a windows line or without a newline', async () => {
    expect(await readAll([`${PAYLOAD}x\r\nFUNCTION_PAYLOAD_END\r\n${CALL}`])).toEqual([paid('x\n'), CALLED]);
    expect(await readAll([`${PAYLOAD}x\nFUNCTION_PAYLOAD_END`])).toEqual([paid('x\n')]);
  });

  it('is not ended by its end in the middle of a line', async () => {
    const body = `"FUNCTION_PAYLOAD_END"\nsay FUNCTION_PAYLOAD_END\n${CALL}`;
    expect(await readAll([PAYLOAD + body + PAYLOAD_END])).toEqual([paid(body)]);
  });

  it('that the end of the input cuts off is handed on as far as it came', async () => {
    expect(await readAll([`${PAYLOAD}{\n"per_cpu":`])).toEqual([paid('{\n"per_cpu":\n')]);
  });

  it('goes to its call alone', async () => {
    expect(await readAll([`${PAYLOAD}one\n${PAYLOAD_END}${PAYLOAD}two\n${PAYLOAD_END}`])).toEqual([
      paid('one\n'),
      paid('two\n'),
    ]);
  });

  it('is cut after 64 KiB', async () => {
    const line = `${'7'.repeat(999)}\n`;
    const [message] = await readAll([PAYLOAD + line.repeat(200) + PAYLOAD_END]);
    expect(message).toEqual(paid(line.repeat(200).slice(0, MOST_PAYLOAD)));
    expect(MOST_PAYLOAD).toBe(64 * 1024);
  });

  it.each([
    ['in one piece', [`${PAYLOAD}QUIT`]],
    ['in a separate piece', [PAYLOAD, 'QUIT']],
    ['after a line of the body', [PAYLOAD, 'first\nQUIT']],
    ['cut in two', [PAYLOAD, 'QU', 'IT']],
    ['cut into letters', [`${PAYLOAD}Q`, 'U', 'I', 'T']],
  ])('may hold QUIT, which does not end anything: %s', async (_how, pieces) => {
    const { send, seen } = open();
    for (const piece of pieces) await send(piece);
    expect(seen).toEqual([]);
    await send(`\n${PAYLOAD_END}`);
    expect(seen).toEqual([paid(`${pieces.join('').slice(PAYLOAD.length)}\n`)]);
  });
});

describe('QUIT without a newline', () => {
  it.each([
    ['alone', ['QUIT'], []],
    ['cut in two', ['QU', 'IT'], []],
    ['cut into letters', ['Q', 'U', 'I', 'T'], []],
    ['after a call', [`${CALL}QUIT`], [CALLED]],
    ['after a call, cut', [`${CALL}Q`, 'UIT'], [CALLED]],
    ['after a call that was cut', [CALL.slice(0, 30), `${CALL.slice(30)}QUIT`], [CALLED]],
    ['after a body', [PAYLOAD, `{}\n${PAYLOAD_END}QUIT`], [paid('{}\n')]],
    ['after a body, cut', [`${PAYLOAD}{}\n${PAYLOAD_END}QUI`, 'T'], [paid('{}\n')]],
    ['after an empty line', ['\nQUIT'], []],
  ])('is heard at once, %s', async (_how, pieces, before) => {
    const { send, seen } = open();
    for (const piece of pieces) await send(piece);
    expect(seen).toEqual([...before, QUIT]);
  });

  it.each([
    ['the end of another word', ['HELLO QUIT']],
    ['the end of a word that was cut', ['HELLO', 'QUIT']],
    ['the end of a longer line that was cut', ['a long line ', 'QUIT']],
    ['the start of a longer word', ['QUITE']],
    ['not yet whole', ['QUI']],
  ])('is not heard in %s', async (_what, pieces) => {
    const { send, seen } = open();
    for (const piece of pieces) await send(piece);
    expect(seen).toEqual([]);
  });
});

describe('a payload of a call without a transaction', () => {
  it('is passed over like any other', async () => {
    expect(await readAll(['FUNCTION_PAYLOAD\nQUIT\nFUNCTION a 5 top\n', PAYLOAD_END, CALL])).toEqual([CALLED]);
  });
});

describe('a line over 64 KiB', () => {
  const long = `FUNCTION tx-9 60 "${'long '.repeat(40_000)}"\n`;

  it.each([1024, 4096, 16_384, 65_536])('in pieces of %d bytes is thrown away and the next is read', async (bytes) => {
    expect(await readAll(cut(`${CALL}${long}${PAYLOAD}${PAYLOAD_END}`, bytes))).toEqual([CALLED, paid('')]);
  });

  it('is thrown away again and again', async () => {
    expect(await readAll(cut(`${long}${long}${CALL}${long}${CALL}`, 4096))).toEqual([CALLED, CALLED]);
  });

  it('does not keep QUIT from being heard', async () => {
    const { send, seen } = open();
    for (let at = 0; at < long.length; at += 8192) await send(long.slice(at, at + 8192));
    await send('QUIT');
    expect(seen).toEqual([QUIT]);
  });

  it('in the body of a call does not hide its end', async () => {
    expect(await readAll(cut(PAYLOAD + long + PAYLOAD_END, 4096))).toEqual([paid('')]);
  });

  it('is the least that is thrown away: one of 60 KiB is read', async () => {
    const call = 'y'.repeat(60 * 1024);
    expect(await readAll(cut(`FUNCTION tx-3 9 ${call}\n`, 4096))).toEqual([
      called({ transaction: 'tx-3', timeout: 9, call }),
    ]);
  });
});

describe('the end of the input', () => {
  it('is reported once, after the last message', async () => {
    const { input, seen, send } = open();
    await send(CALL);
    input.end('HELLO');
    await turn();
    expect(seen).toEqual([CALLED, { kind: 'other', line: 'HELLO' }, 'end']);
  });

  it('is what an error of the input counts as', async () => {
    const { input, seen, send } = open();
    await send(CALL);
    input.destroy(new Error('EIO: i/o error, read'));
    await turn();
    expect(seen).toEqual([CALLED, 'end']);
  });
});

describe('however the bytes are cut', () => {
  const word = fc.stringMatching(/^[a-zäöü漢🛰0-9:_-]{1,12}$/u);
  const words = fc.array(word, { minLength: 1, maxLength: 4 }).map((list) => list.join(' '));
  const seconds = fc.integer({ min: 1, max: 600 });
  const lineEnd = fc.constantFrom('\n', '\r\n');

  interface Sent {
    readonly text: string;
    readonly messages: readonly Message[];
  }

  const call = fc.tuple(word, seconds, words, lineEnd).map(([transaction, timeout, text, end]): Sent => {
    const message = called({ transaction, timeout, call: text, permissions: 8 });
    return { text: `FUNCTION ${transaction} ${timeout} "${text}" "0x8" 'user'${end}`, messages: [message] };
  });
  const bodyLine = fc.oneof(words, fc.constantFrom('QUIT', '', 'FUNCTION a 1 b', '{"x": "FUNCTION_PAYLOAD_END"}'));
  const payload = fc
    .tuple(word, seconds, words, fc.array(bodyLine, { maxLength: 4 }), lineEnd)
    .map(([transaction, timeout, text, body, end]): Sent => {
      const payload = body.map((line) => `${line}\n`).join('');
      const message = called({ transaction, timeout, call: text, permissions: 8, payload });
      const start = `FUNCTION_PAYLOAD ${transaction} ${timeout} "${text}" "0x8" "user" "text/plain"`;
      return { text: [start, ...body, 'FUNCTION_PAYLOAD_END', ''].join(end), messages: [message] };
    });
  const other = fc.tuple(words, lineEnd).map(([text, end]): Sent => {
    const line = `FUNCTION_PROGRESS ${text}`;
    return { text: `${line}${end}`, messages: [{ kind: 'other', line }] };
  });
  const empty = lineEnd.map((end): Sent => ({ text: end, messages: [] }));
  const quit = fc.constant<Sent>({ text: 'QUIT', messages: [QUIT] });
  const conversation = fc
    .tuple(fc.array(fc.oneof(call, payload, other, empty), { maxLength: 8 }), fc.option(quit))
    .map(([sent, last]): Sent[] => (last === null ? sent : [...sent, last]));
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 });

  function pieces(text: string, at: readonly number[]): Uint8Array[] {
    const whole = Buffer.from(text);
    const places = [0, ...at.map((share) => Math.floor(share * whole.length)), whole.length].sort((a, b) => a - b);
    return places.slice(1).map((place, index) => whole.subarray(places[index] ?? 0, place));
  }

  it('the same messages are read', async () => {
    const property = async (sent: readonly Sent[], at: readonly number[]): Promise<void> => {
      const text = sent.map((part) => part.text).join('');
      const read = await readAll(pieces(text, at));
      expect(untilQuit(read)).toEqual(sent.flatMap(({ messages }) => messages));
    };
    await fc.assert(fc.asyncProperty(conversation, cuts, property), { numRuns: 300 });
  });

  it('and when every byte comes alone', async () => {
    const property = async (sent: readonly Sent[]): Promise<void> => {
      const text = sent.map((part) => part.text).join('');
      expect(untilQuit(await readAll(cut(text, 1)))).toEqual(sent.flatMap(({ messages }) => messages));
    };
    await fc.assert(fc.asyncProperty(conversation, property), { numRuns: 30 });
  });
});

/** Whatever the agent sends: every call gets exactly one valid answer, and no answer is written into a tick. */

import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Output } from '../../collector/agent/output.ts';
import { readMessages } from '../../collector/agent/protocol/reader.ts';
import { Router } from '../../collector/agent/router.ts';
import type { Answer } from '../../collector/functions/answer.ts';
import { ArgumentError } from '../../collector/functions/function.ts';
import { ProblemError } from '../../collector/modules/problem.ts';
import { anyCharacter } from '../helpers/any_character.ts';
import { answerSchema, type FunctionAnswer, parseAnswers } from '../helpers/function_answers.ts';
import { ANSWER, fakeSources, liveFunction } from '../helpers/live_functions.ts';
import { RecordingLog } from '../helpers/recording_log.ts';
import { StallingPipe } from '../helpers/stalling_pipe.ts';

/** Both together make 10,000 calls. */
const CALLS_IN_A_RUN = 100;
const RUNS = 100;

const TICK = 'BEGIN conntrack.sockets 1000000\nSET connections = 7\nEND\n';
const ANSWERED = /FUNCTION_RESULT_BEGIN .*\n[\s\S]*?\nFUNCTION_RESULT_END\n/g;

/** What a function can do; `hang` lasts until it is cancelled. */
const FUNCTIONS = [
  liveFunction('top'),
  liveFunction('slow', async () => {
    await turn();
    return ANSWER;
  }),
  liveFunction(
    'hang',
    (_given, signal): Promise<Answer> =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  ),
  liveFunction('argument', () => {
    throw new ArgumentError('src: found "here", allowed: an address');
  }),
  liveFunction('problem', () => {
    throw new ProblemError('tracking_not_loaded', 'ctnetlink');
  }),
  liveFunction('defect', () => {
    throw new TypeError('not a function');
  }),
];

/** Few, so that many calls share one. */
const transaction = fc.integer({ min: 0, max: 40 }).map((number) => `tx-${number}`);
const nonsense = fc.string({ unit: anyCharacter, maxLength: 40 }).map((text) => text.replace(/["\n\r]/g, ' '));
const name = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...FUNCTIONS.map((one) => `conntrack:${one.name}`)) },
  { weight: 1, arbitrary: nonsense },
);
const argument = fc.oneof(
  fc.constantFrom(
    'info',
    'by:source',
    'by:mood',
    'by',
    'limit:7',
    'unreplied',
    'unreplied:no',
    'after:-600',
    'src:::1',
  ),
  nonsense,
);
const text = fc.tuple(name, fc.array(argument, { maxLength: 3 })).map((words) => words.flat().join(' '));
const timeout = fc.constantFrom('1', '60', '0', '-1', 'soon', '999999', '');
const words = fc
  .tuple(transaction, timeout, text, fc.constantFrom('0xffff', '0x13', '0x8', 'any', ''))
  .map(([id, seconds, call, permissions]) => `${id} "${seconds}" "${call}" "${permissions}" "method=api"`);
const json = fc
  .record(
    { selections: fc.oneof(fc.jsonValue(), fc.constant({ by: ['source'] })), limit: fc.jsonValue() },
    { requiredKeys: [] },
  )
  .map((value) => JSON.stringify(value));
const body = fc.oneof(
  json,
  fc.tuple(json, fc.nat(60)).map(([whole, length]) => whole.slice(0, length)),
  fc.constantFrom('', 'QUIT', 'FUNCTION tx-1 5 "conntrack:top"', '{\n"selections":\n{}\n}', 'x'.repeat(70_000)),
);
const call = fc.oneof(
  words.map((line) => `FUNCTION ${line}\n`),
  fc
    .tuple(words, body)
    .map(([line, payload]) => `FUNCTION_PAYLOAD ${line} "application/json"\n${payload}\nFUNCTION_PAYLOAD_END\n`),
);
const other = fc.oneof(
  transaction.map((id) => `FUNCTION_CANCEL ${id}\n`),
  transaction.map((id) => `FUNCTION_PROGRESS ${id}\n`),
  fc.constantFrom('\n', 'FUNCTION\n', 'FUNCTION_CANCEL\n', 'FUNCTION_PAYLOAD\nbody\nFUNCTION_PAYLOAD_END\n', 'HELLO\n'),
);
/** A call, what is sent between it and the next, and whether there is a tick and whether the agent reads. */
const step = fc.record({ call, others: fc.array(other, { maxLength: 2 }), isTick: fc.boolean(), reads: fc.boolean() });
const conversation = fc.record({
  steps: fc.array(step, { minLength: CALLS_IN_A_RUN - 1, maxLength: CALLS_IN_A_RUN - 1 }),
  last: fc.tuple(words, json).map(([line, payload]) => `FUNCTION_PAYLOAD ${line}\n${payload.slice(0, -1)}`),
});

/** All that is written to the agent in a conversation that ends with the end of the input. */
async function converse({
  last,
  steps,
}: typeof conversation extends fc.Arbitrary<infer T> ? T : never): Promise<string> {
  const pipe = new StallingPipe();
  const output = new Output(pipe, new RecordingLog());
  const sources = fakeSources();
  const write = (line: string): void => output.answer(line);
  const hasRoom = (): boolean => output.hasRoom();
  const log = new RecordingLog();
  const router = new Router({ functions: FUNCTIONS, sources, log, version: undefined, write, hasRoom });
  router.use({ enabled: true, access: 'members' });
  const input = new PassThrough();
  const ended = new Promise<void>((resolve) => {
    const message: Parameters<typeof readMessages>[1]['message'] = (received) => {
      if (received.kind === 'function') router.receive(received);
      else if (received.kind === 'cancel') router.cancel(received.transaction);
    };
    readMessages(input, { message, end: resolve });
  });
  for (const [place, { call: line, isTick, others, reads }] of steps.entries()) {
    input.write([line, ...others].join(''));
    if (reads) pipe.proceed();
    else pipe.stall();
    if (isTick && output.ready()) output.tick(TICK);
    await turn();
    sources.runtime.advanceTo(place / 10);
  }
  pipe.proceed();
  input.end(last);
  await ended;
  router.close();
  await output.flush();
  return pipe.text;
}

/** How often each transaction occurs. */
function count(transactions: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const one of transactions) counts.set(one, (counts.get(one) ?? 0) + 1);
  return new Map([...counts].sort());
}

/** Whether an answer is what the protocol allows: a table, its arguments, or an error with its reason. */
function isValid({ body: { columns, data, errorMessage, status, v }, status: code }: FunctionAnswer): boolean {
  if (status !== code) return false;
  if (code !== 200) return code >= 400 && typeof errorMessage === 'string' && errorMessage.length < 2000;
  return v === 3 || (Array.isArray(data) && typeof columns === 'object');
}

describe('10,000 generated calls', () => {
  it('get exactly one valid answer each, and none is written into a tick', async () => {
    const statuses = new Map<number, number>();
    let calls = 0;
    const property = async (sent: Parameters<typeof converse>[0]): Promise<void> => {
      const written = (await converse(sent)).replace(/^(FUNCTION GLOBAL .*\n)+/, '');
      const answers = parseAnswers((written.match(ANSWERED) ?? []).join(''));
      expect(written.replace(ANSWERED, '').replaceAll(TICK, '')).toBe('');
      const lines = [...sent.steps.map((one) => one.call), sent.last];
      const called = lines.map((line) => line.split(' ')[1] ?? '');
      expect(count(answers.map((answer) => answer.transaction))).toEqual(count(called));
      expect(answers.filter((answer) => !isValid(answer))).toEqual([]);
      const against = answerSchema;
      if (against !== undefined) expect(answers.filter((answer) => !against(answer.body))).toEqual([]);
      for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
      calls += lines.length;
    };
    await fc.assert(fc.asyncProperty(conversation, property), { numRuns: RUNS, seed: 20_261_121, endOnFailure: true });
    expect(calls).toBe(10_000);
    expect([...statuses.keys()].sort()).toEqual([200, 400, 403, 404, 499, 500, 503, 504]);
  });
});

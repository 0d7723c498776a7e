import { describe, expect, it } from 'vitest';

import { errorReply, infoReply, type Reply, tableReply } from '../../collector/agent/function_json.ts';
import type { Answer, Row } from '../../collector/functions/answer.ts';
import { answerSchema } from '../helpers/function_answers.ts';
import { ANSWER, liveFunction, NOW } from '../helpers/live_functions.ts';

const TOP = liveFunction('top');
/** Ten seconds after {@link NOW}, in seconds. */
const EXPIRES = 1_712_345_688;
const MEBIBYTE = 1024 * 1024;

/** The finished answer, and how often the work may be interrupted. */
function finish(answer: Answer): { reply: Reply; pauses: number } {
  const work = tableReply(TOP, answer, NOW);
  for (let pauses = 0; ; pauses++) {
    const step = work.next();
    if (step.done === true) return { reply: step.value, pauses };
  }
}

function table(answer: Answer): Record<string, unknown> {
  return JSON.parse(finish(answer).reply.body);
}

function rowsOf(rows: readonly Row[]): Answer {
  return { columns: [{ id: 'text', name: 'Text', type: 'text' }], rows, sortedBy: 'text', notes: [] };
}

describe('the answer to info', () => {
  it('lists the arguments, and those with choices as selectors', () => {
    expect(JSON.parse(infoReply(TOP, NOW).body)).toEqual({
      v: 3,
      status: 200,
      type: 'table',
      has_history: false,
      update_every: 10,
      expires: EXPIRES,
      help: 'The top connections, largest first.',
      accepted_params: ['by', 'src', 'limit', 'unreplied'],
      required_params: [
        {
          id: 'by',
          name: 'By',
          help: 'What connections are ranked by',
          type: 'select',
          unique_view: true,
          options: [
            { id: 'source', name: 'Source address', defaultSelected: true },
            { id: 'nat-address', name: 'NAT address' },
          ],
        },
      ],
    });
  });

  it('of a function without arguments has none', () => {
    expect(JSON.parse(infoReply(liveFunction('top', undefined, []), NOW).body)).toMatchObject({
      accepted_params: [],
      required_params: [],
    });
  });
});

describe('a table', () => {
  it('has the cells of every row, unknown ones as null, and its severity', () => {
    expect(table(ANSWER)).toMatchObject({
      status: 200,
      type: 'table',
      has_history: false,
      update_every: 10,
      expires: EXPIRES,
      default_sort_column: 'connections',
      data: [
        ['192.0.2.7', 'tcp', 431, 86.2, 12.5, 7_340_032, 3600, 1_712_342_078_000, { severity: 'critical' }],
        ['2001:db8::"7"', 'udp', 69, 13.8, null, null, 19, 1_712_345_659_000, { severity: 'normal' }],
      ],
    });
    expect(table(rowsOf([{ cells: ['7'], severity: 'warning' }]))).toMatchObject({
      data: [['7', { severity: 'warning' }]],
    });
  });

  it('says its notes in a message and before its help', () => {
    const notes = 'Estimated from 500 of 5,321 entries (9.4 %). Bytes are not counted.';
    expect(table(ANSWER)).toMatchObject({
      help: `${notes} The top connections, largest first.`,
      message: { title: notes, description: notes, status: 'notice' },
    });
  });

  it('without notes has no message', () => {
    const plain = table({ ...ANSWER, notes: [] });
    expect(plain).not.toHaveProperty('message');
    expect(plain).toMatchObject({ help: 'The top connections, largest first.' });
  });

  it('leaves out columns that no row knows, except keys and the one that it is sorted by', () => {
    const answer: Answer = {
      columns: [
        { id: 'source', name: 'Source', type: 'text', isKey: true },
        { id: 'port', name: 'Port', type: 'number', isKey: true },
        { id: 'mark', name: 'Mark', type: 'number' },
        { id: 'age', name: 'Age', type: 'duration' },
        { id: 'bytes', name: 'Bytes', type: 'bytes' },
      ],
      rows: [{ cells: ['10.0.0.7', null, null, 61, null] }, { cells: ['10.0.0.8', null, null, null, null] }],
      sortedBy: 'bytes',
      notes: [],
    };
    const { columns, data } = table(answer);
    expect(Object.keys(columns as object)).toEqual(['source', 'port', 'age', 'bytes', 'rowOptions']);
    expect(data).toEqual([
      ['10.0.0.7', null, 61, null, { severity: 'normal' }],
      ['10.0.0.8', null, null, null, { severity: 'normal' }],
    ]);
  });

  it('may have no rows', () => {
    expect(table({ ...ANSWER, rows: [] })).toMatchObject({ data: [] });
  });

  it('with a number that is not finite has null in its place', () => {
    expect(table(rowsOf([{ cells: [Number.NaN] }, { cells: [Number.POSITIVE_INFINITY] }]))).toMatchObject({
      data: [
        [null, { severity: 'normal' }],
        [null, { severity: 'normal' }],
      ],
    });
  });

  it('can be interrupted after every row', () => {
    const rows = Array.from({ length: 321 }, (_, place) => ({ cells: [`row ${place}`] }));
    expect(finish(rowsOf(rows)).pauses).toBe(321);
  });

  it('has at most 2 MiB: rows that do not fit are left out, and a note says how many', () => {
    const rows = Array.from({ length: 10_000 }, (_, place) => ({ cells: [`${place} ${'漢'.repeat(150)}`] }));
    const { body } = finish(rowsOf(rows)).reply;
    expect(Buffer.byteLength(body)).toBeLessThan(2 * MEBIBYTE);
    expect(Buffer.byteLength(body)).toBeGreaterThan(1.8 * MEBIBYTE);
    const { data, message } = JSON.parse(body);
    expect(data.length).toBeGreaterThan(4000);
    const [first] = data.at(-1);
    expect(first).toMatch(new RegExp(`^${data.length - 1} `));
    const shown = String(data.length).replace(/(\d{3})$/, ',$1');
    expect(message.title).toBe(`${shown} of 10,000 rows are shown: an answer is at most 2 MiB.`);
  });

  it('has no line that agents cut, whatever texts are in its cells', () => {
    const text = '\u0001'.repeat(5000);
    const wide = Array.from({ length: 40 }, (_, place) => ({ id: `c${place}`, name: 'Text', type: 'text' as const }));
    const answer = { columns: wide, rows: [{ cells: wide.map(() => text) }], sortedBy: 'c0', notes: [] };
    const { body } = finish(answer).reply;
    expect(Math.max(...body.split('\n').map((line) => Buffer.byteLength(line)))).toBeLessThan(15_000);
    expect(JSON.parse(body).data[0][39]).toBe(`${'\u0001'.repeat(999)}…`);
  });
});

describe('an error', () => {
  it('has its status and its message', () => {
    expect(errorReply(400, 'bad "limit"')).toEqual({
      status: 400,
      body: '{"status":400,"errorMessage":"bad \\"limit\\""}',
    });
  });
});

describe.skipIf(answerSchema === undefined)(
  "by Netdata's schema (FUNCTION_UI_SCHEMA.json beside the 2.x agent)",
  () => {
    it.each([
      ['the answer to info', infoReply(TOP, NOW)],
      ['the answer to info without arguments', infoReply(liveFunction('top', undefined, []), NOW)],
      ['a table', finish(ANSWER).reply],
      ['a table without rows', finish({ ...ANSWER, rows: [], notes: [] }).reply],
      ['an error', errorReply(404, 'unknown')],
    ])('%s is valid', (_what, { body }) => {
      expect(answerSchema?.(JSON.parse(body)), JSON.stringify(answerSchema?.errors)).toBe(true);
    });
  },
);

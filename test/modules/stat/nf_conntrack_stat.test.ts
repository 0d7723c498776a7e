import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FormatError } from '../../../collector/base/errors.ts';
import { StatParser } from '../../../collector/modules/stat/nf_conntrack_stat.ts';
import { NAMES, statText } from '../../helpers/stat_text.ts';

function parse(text: string | Buffer): { names: readonly string[]; rows: number[][] } {
  const parser = new StatParser();
  parser.parse(Buffer.from(text));
  return snapshot(parser);
}

function snapshot(parser: StatParser): { names: readonly string[]; rows: number[][] } {
  const rows = Array.from({ length: parser.rows }, (_, row) => [
    ...parser.cells.subarray(row * parser.columns, (row + 1) * parser.columns),
  ]);
  return { names: parser.names, rows };
}

describe('the statistics file', () => {
  it('is parsed as the kernel prints it, with two blanks after the 1st and the 13th column', () => {
    const text =
      'entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error  ' +
      'expect_new expect_create expect_delete search_restart\n' +
      '000008fc  00000001 00000002 00000003 00000071 00000005 00000006 00000007 00000008 00000009 0000006e 000000ef ' +
      '0000000c  0000000d 0000000e 0000000f ffffffff\n';
    expect(parse(text)).toEqual({
      names: [...NAMES],
      rows: [[0x8fc, 1, 2, 3, 0x71, 5, 6, 7, 8, 9, 0x6e, 0xef, 12, 13, 14, 15, 0xffffffff]],
    });
  });

  it.each([
    ['blanks at the end of rows', 'entries found\n00000001 00000002 \n00000003 00000004   \n'],
    ['columns in another order', 'found entries\n00000002 00000001\n00000004 00000003\n'],
    ['unknown columns', 'entries frobs found\n00000001 000000ff 00000002\n00000003 000000ff 00000004\n'],
  ])('may have %s', (_, text) => {
    const { names, rows } = parse(text);
    const pick = (name: string): (number | undefined)[] => rows.map((row) => row[names.indexOf(name)]);
    expect([pick('entries'), pick('found')]).toEqual([
      [1, 3],
      [2, 4],
    ]);
  });

  it('may have from one row to the 1,024 of the largest machines', () => {
    for (const count of [1, 2, 3, 64, 1024]) {
      const rows = Array.from({ length: count }, (_, row) => NAMES.map((_name, column) => row * 100 + column));
      expect(parse(statText(NAMES, rows)).rows).toEqual(rows);
    }
  });

  it.each([
    ['empty', '', 'empty'],
    ['a header alone', 'entries found\n', 'torn'],
    ['cut in its header', 'entries fou', 'torn'],
    ['cut within a field', 'entries found\n00000001 000000', 'torn'],
    ['cut between two fields', 'entries found\n00000001 ', 'torn'],
    ['cut before the last newline', 'entries found\n00000001 00000002', 'torn'],
    ['a field too short', 'entries found\n00000001\n', 'torn'],
    ['a field too long', 'entries found\n00000001 00000002 00000003\n', 'more than 2'],
    ['missing a digit in a field', 'entries found\n00000001 0000002\n', 'hex digits'],
    ['given a field of nine digits', 'entries found\n00000001 000000021\n', 'hex digits'],
    ['given a letter that is no hex digit', 'entries found\n00000001 0000g002\n', 'hex digits'],
    ['another file', 'Inter-|   Receive\n face |bytes\n', 'header'],
    ['without the column entries', 'searched found\n00000001 00000002\n', 'header'],
    ['naming a column twice', 'entries found found\n00000001 00000002 00000003\n', 'twice'],
    ['interrupted by an empty line', 'entries found\n\n00000001 00000002\n', 'torn'],
    ['binary', '\0\x01\x02\xff\n\0\n', 'header'],
  ])('is refused when it is %s', (_, text, reason) => {
    expect(() => parse(Buffer.from(text, 'latin1'))).toThrow(FormatError);
    expect(() => parse(Buffer.from(text, 'latin1'))).toThrow(reason);
  });

  it('may change its header and its number of rows from one reading to the next', () => {
    const parser = new StatParser();
    parser.parse(statText(['entries', 'found'], [[1, 2]]));
    parser.parse(
      statText(
        ['entries', 'invalid', 'found'],
        [
          [3, 4, 5],
          [6, 7, 8],
        ],
      ),
    );
    expect(snapshot(parser)).toEqual({
      names: ['entries', 'invalid', 'found'],
      rows: [
        [3, 4, 5],
        [6, 7, 8],
      ],
    });
    parser.parse(statText(['entries', 'found'], [[9, 10]]));
    expect(snapshot(parser)).toEqual({ names: ['entries', 'found'], rows: [[9, 10]] });
  });

  it('has a new generation when its header or its number of rows changes, and not after an unreadable text', () => {
    const parser = new StatParser();
    const generation = (names: readonly string[], ...rows: readonly (readonly number[])[]): number => {
      parser.parse(statText(names, rows));
      return parser.generation;
    };
    const first = generation(['entries', 'found'], [1, 2]);
    expect(generation(['entries', 'found'], [3, 4])).toBe(first);
    expect(() => parser.parse(Buffer.from('entries found\n00000001 00000002\n0000'))).toThrow(FormatError);
    expect(generation(['entries', 'found'], [5, 6])).toBe(first);
    const second = generation(['entries', 'drop'], [5, 6]);
    const third = generation(['entries', 'drop'], [5, 6], [5, 7]);
    expect(() => parser.parse(Buffer.from('entries found\n0000\n'))).toThrow(FormatError);
    const fourth = generation(['entries', 'drop'], [5, 6], [5, 7]);
    expect(new Set([first, second, third, fourth]).size).toBe(4);
  });

  const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const rows = fc.array(fc.array(u32, { minLength: NAMES.length, maxLength: NAMES.length }), {
    minLength: 1,
    maxLength: 9,
  });

  it('gives the same numbers that were printed', () => {
    fc.assert(
      fc.property(rows, (values) => {
        expect(parse(statText(NAMES, values)).rows).toEqual(values);
      }),
    );
  });

  it('gives an error or fewer rows when it is cut off, never a wrong number', () => {
    fc.assert(
      fc.property(rows, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        const whole = statText(NAMES, values);
        const cut = whole.subarray(0, Math.floor(whole.length * share));
        expectNothingWrong(cut, values);
      }),
    );
  });

  it('gives an error or fewer rows when a piece is missing, never a wrong number', () => {
    // A hole as long as a whole row could join two rows without a seam; a shorter one cannot.
    fc.assert(
      fc.property(rows, fc.nat(), fc.integer({ min: 1, max: 140 }), (values, at, length) => {
        const whole = statText(NAMES, values);
        const start = at % whole.length;
        expectNothingWrong(Buffer.concat([whole.subarray(0, start), whole.subarray(start + length)]), values, false);
      }),
    );
  });

  it('gives a table or a FormatError, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          new StatParser().parse(Buffer.concat([Buffer.from('entries found\n'), bytes]));
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
    );
  });
});

function expectNothingWrong(text: Buffer, values: readonly (readonly number[])[], isPrefix = true): void {
  let found: number[][];
  try {
    found = parse(text).rows;
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return;
  }
  if (isPrefix) expect(found).toEqual(values.slice(0, found.length));
  else for (const row of found) expect(values).toContainEqual(row);
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { encode, LineBuffer } from '../../collector/agent/line_buffer.ts';

const START = encode('SET found = ');
const END = encode('END\n');

/** A line after other lines. */
function lineOf(value: number, before: string): string {
  const lines = new LineBuffer();
  lines.addText(before);
  lines.addLine(START, value);
  return lines.take().toString().slice(before.length);
}

// A long tick is written in another way.
describe.each([
  ['short', ''],
  ['long', "CLABEL 'site' 'Rome' 2\n".repeat(200)],
])('a line with a number in a %s tick', (_which, before) => {
  it.each([
    ['a number', 4711, 'SET found = 4711\n'],
    ['one digit', 7, 'SET found = 7\n'],
    ['a power of ten', 1_000_000, 'SET found = 1000000\n'],
    ['zero', 0, 'SET found = 0\n'],
    ['negative zero as zero', -0, 'SET found = 0\n'],
    ['a negative number', -17, 'SET found = -17\n'],
    ['the largest 32-bit number', 2 ** 31 - 1, 'SET found = 2147483647\n'],
    ['the smallest 32-bit number', -(2 ** 31), 'SET found = -2147483648\n'],
    ['a number beyond 32 bits', 2 ** 31, 'SET found = 2147483648\n'],
    ['the largest exact number', Number.MAX_SAFE_INTEGER, 'SET found = 9007199254740991\n'],
  ])('holds %s', (_what, value, expected) => {
    expect(lineOf(value, before)).toBe(expected);
  });

  it('holds any integer as JavaScript writes it', () => {
    const integers = fc.oneof(fc.integer(), fc.maxSafeInteger());
    fc.assert(
      fc.property(integers, (value) => {
        expect(lineOf(value, before)).toBe(`SET found = ${value}\n`);
      }),
    );
  });
});

describe('the lines of a tick', () => {
  it('keep their order, however they were added', () => {
    const lines = new LineBuffer();
    let expected = '';
    for (let line = 0; line < 300; line++) {
      lines.addText("CLABEL 'site' 'Zürich ☃ 🜁' 2\n");
      lines.addLine(START, line);
      lines.addEncoded(END);
      expected += `CLABEL 'site' 'Zürich ☃ 🜁' 2\nSET found = ${line}\nEND\n`;
    }
    expect(lines.take().toString()).toBe(expected);
  });

  it('can have any size', () => {
    const lines = new LineBuffer();
    const numbers = Array.from({ length: 20_000 }, (_, place) => place * 104_729);
    for (const number of numbers) lines.addLine(START, number);
    expect(lines.take().toString()).toBe(numbers.map((number) => `SET found = ${number}\n`).join(''));
  });

  it('are not in the next tick', () => {
    const lines = new LineBuffer();
    lines.addText('BEGIN conntrack.first\n');
    lines.take();
    lines.addText('END\n');
    expect(lines.take().toString()).toBe('END\n');
    expect(lines.take()).toHaveLength(0);
  });

  it.each([0, 100_000])('are written to the same memory in each tick, after one of %d characters', (before) => {
    const lines = new LineBuffer();
    lines.addText('#'.repeat(before));
    lines.take();
    const tick = (): ArrayBufferLike => {
      lines.addText("CLABEL 'site' 'Rome' 2\n".repeat(150));
      return lines.take().buffer;
    };
    tick();
    const second = tick();
    expect(tick()).toBe(second);
    expect(tick()).toBe(second);
  });

  it('do not keep the memory of a tick that was much longer', () => {
    const lines = new LineBuffer();
    lines.addText("CLABEL 'site' 'Rome' 2\n".repeat(10_000));
    lines.take();
    lines.addText('END\n');
    lines.take();
    lines.addText('END\n');
    expect(lines.take().buffer.byteLength).toBeLessThan(50_000);
  });

  it('fill most of the memory that is kept after a tick that defined many charts', () => {
    const lines = new LineBuffer();
    const label = encode("CLABEL 'site' 'Rome' 2\n");
    const add = (times: number): void => {
      for (let line = 0; line < times; line++) lines.addEncoded(label);
    };
    // The charts, the first values, and all values from then on.
    for (const times of [10_000, 500, 1000, 1000]) {
      add(times);
      lines.take();
    }
    add(1000);
    const { buffer, length } = lines.take();
    expect(buffer.byteLength / length).toBeLessThan(1.6);
  });
});

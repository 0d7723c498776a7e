import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { CounterDifferences, type CounterTable } from '../../collector/base/counters.ts';

const SECOND = 1e6;
const TOP = 2 ** 32;

/** A table of counters only, one array a row. */
function table(...rows: readonly (readonly number[])[]): CounterTable {
  return { generation: 1, rows: rows.length, columns: rows[0]?.length ?? 0, cells: Uint32Array.from(rows.flat()) };
}

const TWO = [{ index: 0 }, { index: 1 }] as const;

describe('differences of counters', () => {
  it('are none after a first reading', () => {
    const differences = new CounterDifferences();
    expect(differences.update(table([17, 23]), TWO, 5 * SECOND)).toBe('baseline');
    expect([...differences.cells]).toEqual([0, 0]);
  });

  it('are the increase of every counter in every row, and the time in between', () => {
    const differences = new CounterDifferences();
    differences.update(table([17, 23], [100, 1000]), TWO, 5 * SECOND);
    expect(differences.update(table([18, 25], [104, 1008]), TWO, 7.5 * SECOND)).toBe('differences');
    expect([...differences.cells]).toEqual([1, 2, 4, 8]);
    expect(differences.seconds).toBe(2.5);
  });

  it('cover only the chosen columns', () => {
    const differences = new CounterDifferences();
    const columns = [{ index: 2 }, { index: 0 }];
    differences.update(table([10, 900, 30]), columns, 0);
    expect(differences.update(table([13, 4, 37]), columns, SECOND)).toBe('differences');
    expect([...differences.cells]).toEqual([7, 3]);
  });

  it('count the wrap of one CPU exactly while the others continue', () => {
    const differences = new CounterDifferences();
    differences.update(table([TOP - 256, 40], [70, 80]), TWO, 0);
    expect(differences.update(table([16, 41], [75, 80]), TWO, SECOND)).toBe('differences');
    expect([...differences.cells]).toEqual([272, 1, 5, 0]);
  });

  it('count the wrap of the only counter that ever counted exactly', () => {
    const differences = new CounterDifferences();
    differences.update(table([TOP - 256, 0]), TWO, 0);
    expect(differences.update(table([16, 0]), TWO, SECOND)).toBe('differences');
    expect([...differences.cells]).toEqual([272, 0]);
  });

  it.each([
    [100_000, 'differences'],
    [100_001, 'reset'],
  ])('accept a wrap of any counter by %i events: %s', (events, comparison) => {
    const differences = new CounterDifferences();
    differences.update(table([TOP - 60_000, 9]), TWO, 0);
    expect(differences.update(table([events - 60_000, 9]), TWO, SECOND)).toBe(comparison);
    expect(differences.cells[0]).toBe(comparison === 'differences' ? events : 0);
  });

  const PACE = 40_000_000;

  it.each([
    // The length of the interval with the wrap, the increase in it, and the result.
    [1, PACE, 'differences'],
    [1, 4 * PACE, 'differences'],
    [1, 4 * PACE + 1, 'reset'],
    [0.5, 2 * PACE, 'differences'],
    [0.5, 2 * PACE + 1, 'reset'],
    [10, 40 * PACE, 'differences'],
    [10, 40 * PACE + 1, 'reset'],
  ])(
    'accept a wrap of a fast counter up to four times its previous rate: in %f s by %i: %s',
    (seconds, growth, comparison) => {
      const differences = new CounterDifferences();
      const before = TOP - 1000;
      differences.update(table([before - 2 * PACE, 9]), TWO, 3 * SECOND);
      differences.update(table([before, 9]), TWO, 5 * SECOND);
      expect(differences.update(table([growth - 1000, 9]), TWO, (5 + seconds) * SECOND)).toBe(comparison);
      expect(differences.cells[0]).toBe(comparison === 'differences' ? growth : 0);
    },
  );

  it.each([
    [
      'from small values',
      [
        [1200, 50],
        [3, 7],
      ],
      [
        [0, 0],
        [0, 0],
      ],
    ],
    [
      'from small values, with traffic since',
      [
        [1200, 50],
        [3, 7],
      ],
      [
        [4, 0],
        [1, 2],
      ],
    ],
    [
      'from the top of the range',
      [
        [TOP - 5, TOP - 7],
        [TOP - 11, TOP - 13],
      ],
      [
        [0, 0],
        [0, 0],
      ],
    ],
    [
      'from the top of the range, with traffic since',
      [
        [TOP - 5, TOP - 7],
        [TOP - 11, TOP - 13],
      ],
      [
        [2, 0],
        [0, 3],
      ],
    ],
    [
      'of the only counter that ever counted',
      [
        [TOP - 5, 0],
        [0, 0],
      ],
      [
        [0, 0],
        [0, 0],
      ],
    ],
    [
      'when one counter is back and another already beyond',
      [
        [TOP / 2, 3],
        [0, 0],
      ],
      [
        [8, 9],
        [0, 0],
      ],
    ],
  ])('recognise a reset %s', (_, before, after) => {
    const differences = new CounterDifferences();
    differences.update(table(...before), TWO, 0);
    expect(differences.update(table(...after), TWO, SECOND)).toBe('reset');
    expect([...differences.cells]).toEqual([0, 0, 0, 0]);
  });

  it.each([1, 60, 3600])('recognise a reset after %i s in which one counter exceeds its old value again', (seconds) => {
    const differences = new CounterDifferences();
    differences.update(table([3, 1e9]), TWO, 7 * SECOND);
    expect(differences.update(table([4, 1e9 + 1000]), TWO, 8 * SECOND)).toBe('differences');
    // A wrap would be 3.3 billion events; at its rate 14.4 million are plausible in an hour.
    expect(differences.update(table([5, 20]), TWO, (8 + seconds) * SECOND)).toBe('reset');
    expect([...differences.cells]).toEqual([0, 0]);
  });

  it('continue from the values after a reset', () => {
    const differences = new CounterDifferences();
    differences.update(table([5000, 600]), TWO, 0);
    differences.update(table([4, 6]), TWO, SECOND);
    expect(differences.update(table([9, 13]), TWO, 2 * SECOND)).toBe('differences');
    expect([...differences.cells]).toEqual([5, 7]);
  });

  it('exist only between readings of one generation, even if the shape is the same', () => {
    const differences = new CounterDifferences();
    differences.update({ ...table([10, 20]), generation: 5 }, TWO, 0);
    expect(differences.update({ ...table([11, 22]), generation: 6 }, TWO, SECOND)).toBe('baseline');
    expect(differences.update({ ...table([14, 27]), generation: 6 }, TWO, 2 * SECOND)).toBe('differences');
    expect([...differences.cells]).toEqual([3, 5]);
  });

  it('are none after the last reading was forgotten', () => {
    const differences = new CounterDifferences();
    differences.update(table([1, 2]), TWO, 0);
    differences.forget();
    expect(differences.update(table([5, 6]), TWO, SECOND)).toBe('baseline');
  });

  it('add up to the events counted over any wraps of a busy table', () => {
    // Counters that start anywhere and grow by less than a plausible step. One that never moves keeps a wrap of all the
    // others from looking like a reset.
    const start = fc.array(fc.integer({ min: 1, max: TOP - 1 }), { minLength: 2, maxLength: 8 });
    const growth = fc.array(fc.integer({ min: 0, max: 90_000 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(start, growth, (first, steps) => {
        const differences = new CounterDifferences();
        const columns = first.map((_, index) => ({ index }));
        let now = first;
        const sums = first.map(() => 0);
        differences.update(table(now), columns, 0);
        for (const [place, step] of steps.entries()) {
          now = now.map((value, column) => (column === 0 ? value : (value + step * column) % TOP));
          if (step * first.length > 90_000) return;
          expect(differences.update(table(now), columns, (place + 1) * SECOND)).toBe('differences');
          for (const { index } of columns) sums[index] = (sums[index] ?? 0) + (differences.cells[index] ?? 0);
        }
        const total = steps.reduce((sum, step) => sum + step, 0);
        expect(sums).toEqual(columns.map(({ index }) => index * total));
      }),
    );
  });

  it('never exceed a plausible step after a reset, whatever the values', () => {
    const row = fc.array(fc.integer({ min: 0, max: TOP - 1 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(row, row, (before, after) => {
        const differences = new CounterDifferences();
        const columns = [0, 1, 2, 3].map((index) => ({ index }));
        differences.update(table(before), columns, 0);
        differences.update(table(after), columns, SECOND);
        for (const [column, value] of before.entries()) {
          const fell = (after[column] ?? 0) < value;
          if (fell) expect(differences.cells[column]).toBeLessThanOrEqual(100_000);
        }
      }),
    );
  });
});

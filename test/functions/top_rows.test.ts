import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { TopRows } from '../../collector/functions/top_rows.ts';

describe('the largest rows', () => {
  it('are the same as after sorting everything', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 50 })), fc.integer({ min: 1, max: 12 }), (numbers, limit) => {
        const rows = new TopRows<string>(limit);
        for (const number of numbers) if (rows.accepts(number)) rows.add(number, `row ${number}`);
        const expected = numbers.toSorted((one, other) => other - one).slice(0, limit);
        expect(rows.sorted()).toEqual(expected.map((number) => `row ${number}`));
      }),
    );
  });

  it('do not accept what is not larger than the smallest of them', () => {
    const rows = new TopRows<string>(2);
    for (const number of [5, 7]) rows.add(number, 'row');
    expect([rows.accepts(4), rows.accepts(5), rows.accepts(6)]).toEqual([false, false, true]);
  });
});

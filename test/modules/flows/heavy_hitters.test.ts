import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { HeavyHitters } from '../../../collector/modules/flows/heavy_hitters.ts';

const none = (): undefined => undefined;

function hitters(keys: Iterable<number>, capacity?: number): HeavyHitters<number, undefined> {
  const counted = new HeavyHitters<number, undefined>(capacity);
  for (const key of keys) counted.add(key, none);
  return counted;
}

/** A key per element, each as often as its number says, mixed. */
function* mixed(times: readonly number[]): Iterable<number> {
  for (let round = 0; round < Math.max(...times); round++) {
    for (const [key, count] of times.entries()) if (round < count) yield key;
  }
}

describe('heavy hitters', () => {
  it('are exact while the distinct keys fit', () => {
    const counted = hitters(mixed([3, 17, 5, 11]), 4);
    expect(counted.top(3)).toEqual([
      { key: 1, count: 17, error: 0, details: undefined },
      { key: 3, count: 11, error: 0, details: undefined },
      { key: 2, count: 5, error: 0, details: undefined },
    ]);
    expect([counted.total, counted.error, counted.size]).toEqual([36, 0, 4]);
  });

  it('never count more keys than there is room for', () => {
    const counted = hitters(
      Array.from({ length: 10_000 }, (_, key) => key),
      64,
    );
    expect(counted.size).toBeLessThanOrEqual(64);
    expect(counted.total).toBe(10_000);
  });

  it('keep a frequent key among any number of rare ones', () => {
    const keys = Array.from({ length: 30_000 }, (_, place) => (place % 10 === 7 ? -1 : place));
    const [first] = hitters(keys, 64).top(1);
    expect(first?.key).toBe(-1);
    expect(first?.count).toBeLessThanOrEqual(3000);
    expect((first?.count ?? 0) + (first?.error ?? 0)).toBeGreaterThanOrEqual(3000);
  });

  it('state an error that no count exceeds, and that no forgotten key does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 400 }),
        fc.integer({ min: 2, max: 16 }),
        (keys, capacity) => {
          const counted = hitters(keys, capacity);
          const found = new Map([...counted.counters()].map((counter) => [counter.key, counter]));
          for (const key of new Set(keys)) {
            const truth = keys.filter((other) => other === key).length;
            const { count, error } = found.get(key) ?? { count: 0, error: counted.error };
            expect(count).toBeLessThanOrEqual(truth);
            expect(count + error).toBeGreaterThanOrEqual(truth);
            expect(error).toBeLessThanOrEqual(counted.error);
          }
          expect(counted.error).toBeLessThanOrEqual((2 * keys.length) / capacity);
        },
      ),
    );
  });

  it('count details beside each key', () => {
    const counted = new HeavyHitters<string, { bytes: number }>(2);
    for (const [key, bytes] of [
      ['a', 7],
      ['b', 100],
      ['a', 9],
    ] as const) {
      counted.add(key, () => ({ bytes: 0 })).details.bytes += bytes;
    }
    expect(counted.top(2).map(({ details, key }) => [key, details.bytes])).toEqual([
      ['a', 16],
      ['b', 100],
    ]);
  });
});

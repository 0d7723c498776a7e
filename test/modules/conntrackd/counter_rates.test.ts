import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { CounterRates } from '../../../collector/modules/conntrackd/counter_rates.ts';

const u32 = (value: bigint | number) => ({ value: BigInt(value), bits: 32 }) as const;
const u64 = (value: bigint | number) => ({ value: BigInt(value), bits: 64 }) as const;

/** The rate between two readings, so many seconds apart. */
function rateBetween(first: Parameters<CounterRates['rate']>[1], second: typeof first, seconds: number) {
  const rates = new CounterRates();
  rates.begin();
  rates.rate('lost', first, 7e6);
  rates.begin();
  return rates.rate('lost', second, 7e6 + seconds * 1e6);
}

describe('the rate of a counter', () => {
  it('is its growth per second', () => {
    expect(rateBetween(u32(1000), u32(1035), 5)).toBe(7);
    expect(rateBetween(u64(1000), u64(1001), 4)).toBe(0.25);
    expect(rateBetween(u64(1000), u64(1000), 5)).toBe(0);
    expect(rateBetween(u32(0), u32(0xffff_ffff), 1)).toBe(0xffff_ffff);
  });

  it('of 32 bits continues when it wraps to 0', () => {
    expect(rateBetween(u32(4_294_967_290), u32(4), 5)).toBe(2);
    expect(rateBetween(u32(0xffff_ffff), u32(0), 1)).toBe(1);
    // Half of the range, and one more.
    expect(rateBetween(u32(2 ** 31 + 1), u32(0), 1)).toBe(2 ** 31 - 1);
  });

  it('is unknown when it fell without wrapping', () => {
    expect(rateBetween(u32(1000), u32(999), 5)).toBeUndefined();
    expect(rateBetween(u32(2 ** 31), u32(0), 5)).toBeUndefined();
    expect(rateBetween(u64(2n ** 64n - 1n), u64(0), 5)).toBeUndefined();
    expect(rateBetween(u64(4_294_967_290), u64(4), 5)).toBeUndefined();
  });

  it('of 64 bits is exact beyond what a floating-point number holds', () => {
    expect(rateBetween(u64(2n ** 53n), u64(2n ** 53n + 1n), 1)).toBe(1);
    expect(rateBetween(u64(2n ** 64n - 4n), u64(2n ** 64n - 1n), 1)).toBe(3);
  });

  it('is correct for any growth of a 32-bit counter by less than half of its range', () => {
    const anything = fc.tuple(fc.nat(0xffff_ffff), fc.nat(2 ** 31 - 1), fc.integer({ min: 1, max: 1000 }));
    fc.assert(
      fc.property(anything, ([from, growth, seconds]) => {
        const to = (from + growth) % 2 ** 32;
        expect(rateBetween(u32(from), u32(to), seconds)).toBeCloseTo(growth / seconds, 6);
      }),
    );
  });

  it('is unknown at first, and when no time has passed', () => {
    const rates = new CounterRates();
    rates.begin();
    expect(rates.rate('lost', u64(5), 1e6)).toBeUndefined();
    rates.begin();
    expect(rates.rate('lost', u64(6), 1e6)).toBeUndefined();
    rates.begin();
    expect(rates.rate('lost', u64(9), 2e6)).toBe(3);
  });

  it('is kept apart by key', () => {
    const rates = new CounterRates();
    for (const [at, factor] of [1, 2].entries()) {
      rates.begin();
      const found = ['one', 'other'].map((key, place) => rates.rate(key, u64(factor * (place + 1) * 10), at * 1e6));
      expect(found).toEqual(at === 0 ? [undefined, undefined] : [10, 20]);
    }
  });

  it('is unknown if it was not read in the previous round, even if it was before', () => {
    const rates = new CounterRates();
    const rounds = [100, 110, undefined, 300, 330].map((value, at) => {
      rates.begin();
      return value === undefined ? undefined : rates.rate('lost', u64(value), at * 1e6);
    });
    expect(rounds).toEqual([undefined, 10, undefined, undefined, 30]);
  });

  it('is unknown after all counters restarted', () => {
    const rates = new CounterRates();
    rates.begin();
    rates.rate('lost', u32(0xffff_ffff), 1e6);
    rates.forget();
    rates.begin();
    expect(rates.rate('lost', u32(3), 2e6)).toBeUndefined();
    rates.begin();
    expect(rates.rate('lost', u32(5), 3e6)).toBe(2);
  });
});

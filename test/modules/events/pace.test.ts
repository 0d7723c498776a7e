import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { drainDelay } from '../../../collector/modules/events/pace.ts';

describe('the time until the next drain', () => {
  it.each([
    [1000, 4000, 1000],
    [2000, 15_600, 1950],
    [30_000, 98_000, 816],
    [100_000, 60_000, 150],
    [1_000_000, 60_000, 15],
  ])('at %i events per second and a capacity of %i is %i ms: a quarter full', (perSecond, capacity, delay) => {
    expect(drainDelay(perSecond, capacity)).toBe(delay);
  });

  it.each([
    [13_000, 104_857, 1923],
    [100_000, 104_857, 250],
    [100_000, 1_677_721, 250],
    [2_000_000, 1_677_721, 12],
  ])('at %i events per second and a capacity of %i is %i ms: at most 25,000 at once', (perSecond, capacity, delay) => {
    expect(drainDelay(perSecond, capacity)).toBe(delay);
  });

  it.each([
    ['there are no events', 0],
    ['the rate is unknown because no time has passed', Number.NaN],
    ['events are rare', 0.001],
    ['a quarter of the buffer lasts longer than that', 12_000],
  ])('is the longest when %s', (_what, perSecond) => {
    expect(drainDelay(perSecond, 104_857)).toBe(2000);
  });

  it.each([
    ['the rate is infinite', Number.POSITIVE_INFINITY],
    ['the capacity is tiny', 5_000_000],
  ])('is the shortest, and not 0, when %s', (_what, perSecond) => {
    expect(drainDelay(perSecond, 1638)).toBe(10);
  });

  it('leaves room for a sudden fourfold rate, unless the shortest delay is too long for that', () => {
    const perSecond = fc.double({ min: 0, max: 1e7, noNaN: true });
    fc.assert(
      fc.property(perSecond, fc.integer({ min: 1638, max: 1_677_721 }), (pace, capacity) => {
        const delay = drainDelay(pace, capacity);
        expect(delay).toBeGreaterThanOrEqual(10);
        expect(delay).toBeLessThanOrEqual(2000);
        if (delay === 10) return;
        expect((4 * pace * delay) / 1000).toBeLessThanOrEqual(capacity);
        expect((pace * delay) / 1000).toBeLessThanOrEqual(25_000);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { drainDelay } from '../../../collector/modules/events/pace.ts';

describe('the time until waiting events are read', () => {
  it.each([
    [1000, 4000, 1000],
    [2000, 15_600, 1950],
    [30_000, 98_000, 816],
    [100_000, 60_000, 150],
    [1_000_000, 60_000, 15],
  ])('at %i events a second and room for %i is %i ms: a quarter of the room', (perSecond, capacity, delay) => {
    expect(drainDelay(perSecond, capacity)).toBe(delay);
  });

  it.each([
    [13_000, 104_857, 1923],
    [100_000, 104_857, 250],
    [100_000, 1_677_721, 250],
    [2_000_000, 1_677_721, 12],
  ])('at %i events a second and room for %i is %i ms: no more than 25,000 at once', (perSecond, capacity, delay) => {
    expect(drainDelay(perSecond, capacity)).toBe(delay);
  });

  it.each([
    ['nothing happens', 0],
    ['the pace is not known, no time having passed', Number.NaN],
    ['hardly anything happens', 0.001],
    ['a quarter of the room lasts longer than that', 12_000],
  ])('is the longest when %s', (_what, perSecond) => {
    expect(drainDelay(perSecond, 104_857)).toBe(2000);
  });

  it.each([
    ['the pace is beyond everything', Number.POSITIVE_INFINITY],
    ['there is hardly any room', 5_000_000],
  ])('is the shortest, and not 0, when %s', (_what, perSecond) => {
    expect(drainDelay(perSecond, 1638)).toBe(10);
  });

  it('leaves room for a sudden fourfold pace, unless that fills the room in less than a few milliseconds', () => {
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

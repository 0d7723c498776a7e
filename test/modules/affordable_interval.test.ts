import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { AffordableInterval, type AffordableIntervalOptions } from '../../collector/modules/affordable_interval.ts';
import { Budget, type Claim } from '../../collector/modules/budget.ts';

/** A claim on the budget without any other. */
function alone(share: number): Claim {
  return new Budget().claim('work', share);
}

/** What the intervals are after times that cost so much, in seconds of CPU time. */
function intervals(options: Partial<AffordableIntervalOptions>, ...costs: readonly number[]): number[] {
  const interval = new AffordableInterval({ shortest: 10, tick: 1, claim: alone(0.02), ...options });
  return costs.map((cost) => {
    interval.update(cost, false);
    return interval.seconds;
  });
}

describe('the interval', () => {
  it('is the configured one at first and while the work is cheap', () => {
    expect(new AffordableInterval({ shortest: 10, tick: 1, claim: alone(0.02) }).seconds).toBe(10);
    expect(intervals({}, 0.001, 0.2)).toEqual([10, 10]);
  });

  it.each([
    [0.201, 20],
    [0.4, 20],
    [0.401, 40],
    [0.801, 60],
    [1.201, 120],
    [2.401, 300],
    [6.001, 300],
    [1000, 300],
  ])('lengthens at once for a cost of %d s, at two hundredths of a CPU, to %i s', (cost, seconds) => {
    expect(intervals({}, cost)).toEqual([seconds]);
  });

  it('is shortened only when the work is clearly cheaper than the shorter one allows', () => {
    expect(intervals({}, 0.25, 0.2, 0.161, 0.159)).toEqual([20, 20, 20, 10]);
  });

  it('does not flap when the cost wavers around the limit', () => {
    expect(intervals({}, 0.19, 0.21, 0.19, 0.21, 0.17)).toEqual([10, 20, 20, 20, 20]);
  });

  it('is shortened by several steps at once when the work becomes cheap', () => {
    expect(intervals({}, 5, 0.3, 0.01)).toEqual([300, 20, 10]);
  });

  it.each([
    [1, 0.02, 0.3, 20],
    [15, 0.02, 0.31, 20],
    [50, 0.02, 1.1, 60],
    [300, 0.02, 100, 300],
    [3600, 0.02, 1000, 3600],
    [10, 0.5, 4.9, 10],
    [10, 0.001, 0.05, 60],
    [5, 0.02, 0.1, 5],
    [5, 0.02, 0.11, 10],
  ])('of %i s at least and a share of %d is, for a cost of %d s, %i s', (shortest, share, cost, seconds) => {
    expect(intervals({ shortest, claim: alone(share) }, cost)).toEqual([seconds]);
  });

  it('is doubled on request, at every length', () => {
    const interval = new AffordableInterval({ shortest: 10, tick: 1, claim: alone(0.02) });
    const update = (cost: number, isSpared: boolean): number => {
      interval.update(cost, isSpared);
      return interval.seconds;
    };
    expect([update(0.1, true), update(0.3, true), update(0.3, false), update(7, true), update(0.01, false)]).toEqual([
      20, 40, 20, 600, 10,
    ]);
  });

  it.each([
    [3, 10, 0.1, 12],
    [7, 10, 0.3, 21],
    [60, 60, 0.1, 60],
    [45, 60, 0.1, 90],
    [86_400, 86_400, 0.1, 86_400],
  ])(
    'with a tick of %i s and a shortest interval of %i s, is a multiple of the tick after a cost of %d s',
    (tick, shortest, cost, seconds) => {
      expect(intervals({ tick, shortest }, cost)).toEqual([seconds]);
    },
  );

  it('keeps the cost below its share up to an interval of five minutes, and is a multiple of the tick', () => {
    const options = fc.record({
      tick: fc.integer({ min: 1, max: 90 }),
      shortest: fc.integer({ min: 1, max: 600 }),
      share: fc.double({ min: 0.001, max: 1, noNaN: true }),
    });
    const costs = fc.array(fc.record({ cost: fc.double({ min: 0, max: 20, noNaN: true }), isSpared: fc.boolean() }));
    fc.assert(
      fc.property(options, costs, (of, times) => {
        const interval = new AffordableInterval({ ...of, claim: alone(of.share) });
        for (const { cost, isSpared } of times) {
          interval.update(cost, isSpared);
          expect(interval.seconds % of.tick).toBe(0);
          expect(interval.seconds).toBeGreaterThanOrEqual(of.shortest);
          if (interval.seconds < 300) expect(cost / interval.seconds).toBeLessThanOrEqual(of.share * (1 + 1e-9));
        }
      }),
    );
  });
});

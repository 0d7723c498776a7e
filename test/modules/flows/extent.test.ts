import { describe, expect, it } from 'vitest';

import { Budget } from '../../../collector/modules/budget.ts';
import {
  Extent,
  type ExtentOptions,
  SAMPLE,
  scaleOf,
  standardErrorOf,
} from '../../../collector/modules/flows/extent.ts';

const WHOLE = Number.POSITIVE_INFINITY;

/** May use 0.2 s of CPU time, unless said otherwise. */
function extentOf(options: Partial<ExtentOptions> = {}): Extent {
  return new Extent({ method: 'auto', every: 10, claim: new Budget().claim('flows', 0.02), ...options });
}

function most(extent: Extent, ...entries: readonly number[]): number[] {
  return entries.map((count) => extent.most({ entries: count, max: undefined }));
}

function scan(entries: number, read: number, isSample = true): Parameters<typeof scaleOf>[0] {
  return { use: { entries, max: undefined }, read, isSample };
}

describe('how much of the table is read', () => {
  it('is all of it while that is affordable at 3 µs an entry, and a sample otherwise', () => {
    expect(most(extentOf(), 0, 66_000, 67_000, 1_000_000)).toEqual([WHOLE, WHOLE, SAMPLE, SAMPLE]);
  });

  it.each([
    [0.005, 10, 16_000, 17_000],
    [0.02, 40, 266_000, 267_000],
  ])('depends on the share of a CPU (%d) and the interval (%i s)', (share, every, whole, sampled) => {
    const extent = extentOf({ every, claim: new Budget().claim('flows', share) });
    expect(most(extent, whole, sampled)).toEqual([WHOLE, SAMPLE]);
  });

  it('shrinks when another job claims a part of the CPU time', () => {
    const budget = new Budget();
    const extent = extentOf({ claim: budget.claim('flows', 0.02) });
    expect(most(extent, 40_000)).toEqual([WHOLE]);
    budget.claim('flows', 0.02);
    expect(most(extent, 40_000)).toEqual([SAMPLE]);
  });

  it('follows the measured price of an entry', () => {
    const extent = extentOf();
    extent.learn({ read: 50_000 }, 250_000);
    expect(most(extent, 39_000, 41_000)).toEqual([WHOLE, SAMPLE]);
    extent.learn({ read: 20_007 }, 20_007);
    expect(most(extent, 150_000)).toEqual([WHOLE]);
  });

  it('does not follow the price of a small table, most of which is empty buckets', () => {
    const extent = extentOf();
    extent.learn({ read: 19_999 }, 900_000);
    expect(most(extent, 66_000)).toEqual([WHOLE]);
  });

  it('stays a sample until the whole table is clearly affordable', () => {
    expect(most(extentOf(), 67_000, 66_000, 54_000, 53_000, 66_000)).toEqual([SAMPLE, SAMPLE, SAMPLE, WHOLE, WHOLE]);
  });

  it('is all of it with the method "full", whatever it costs', () => {
    expect(most(extentOf({ method: 'full' }), 9_000_000)).toEqual([WHOLE]);
  });

  it('is a sample with the method "sample", whatever it costs', () => {
    expect(most(extentOf({ method: 'sample' }), 30_000)).toEqual([SAMPLE]);
  });
});

describe('a sample', () => {
  it('is scaled to the number of entries', () => {
    expect(scaleOf(scan(1_000_000, 20_000))).toBe(50);
  });

  it('is not scaled down when entries have appeared since they were counted', () => {
    expect(scaleOf(scan(20_000, 20_040))).toBe(1);
  });

  it('without any entry has no scale', () => {
    expect(scaleOf(scan(7, 0))).toBe(1);
  });

  it('of the whole table is exact', () => {
    expect([scaleOf(scan(41_000, 40_000, false)), standardErrorOf(scan(41_000, 40_000, false))]).toEqual([1, 0]);
  });

  it.each([
    [1e12, 20_000, 0.3536],
    [230_000, 20_000, 0.3378],
    [40_000, 20_000, 0.25],
    [1e12, 10_000, 0.5],
  ])(
    'of a table of %d entries of which %i were read has a standard error of %d percentage points',
    (entries, read, points) => {
      expect(standardErrorOf(scan(entries, read))).toBeCloseTo(points, 4);
    },
  );

  it('has a smaller standard error of a share that is not a half', () => {
    expect(standardErrorOf(scan(40_000, 20_000), 0.1)).toBeCloseTo(0.15, 4);
  });
});

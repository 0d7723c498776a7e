import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Interruption, ticks } from '../../collector/base/scheduler.ts';
import { FakeClock, MONOTONIC_START } from '../helpers/fake_clock.ts';

/** A multiple of every interval that is used here, in milliseconds since the epoch. */
const ORIGIN = Date.UTC(2033, 2, 9);
const HOUR = 3_600_000;

interface Seen {
  /** Wall time since the origin, in milliseconds. */
  readonly wall: number;
  /** Monotonic time since the start, in milliseconds. */
  readonly elapsed: number;
  readonly skipped: number;
}

interface Recording {
  readonly clock: FakeClock;
  readonly seconds?: number;
  readonly count: number;
  /** What happens while the tick with this number is worked on. */
  readonly during?: (tick: number) => void;
}

async function record({ clock, seconds = 1, count, during }: Recording): Promise<Seen[]> {
  const seen: Seen[] = [];
  for await (const { at, skipped } of ticks(clock, seconds)) {
    seen.push({ wall: clock.wall() - ORIGIN, elapsed: (at - MONOTONIC_START) / 1000, skipped });
    if (seen.length === count) break;
    during?.(seen.length);
  }
  return seen;
}

function startedAt(milliseconds: number): FakeClock {
  return new FakeClock(ORIGIN + milliseconds);
}

const walls = (seen: readonly Seen[]): number[] => seen.map(({ wall }) => wall);
const elapsed = (seen: readonly Seen[]): number[] => seen.map((tick) => tick.elapsed);
const skips = (seen: readonly Seen[]): number[] => seen.map(({ skipped }) => skipped);

describe('updates', () => {
  it.each([
    [1, 300, [300, 1000, 2000, 3000]],
    [1, 0, [0, 1000, 2000, 3000]],
    [5, 1234, [1234, 5000, 10_000, 15_000]],
    [60, 60_001, [60_001, 120_000, 180_000, 240_000]],
  ])('every %d s that start at %d ms come at once and then at the multiples', async (seconds, start, expected) => {
    const seen = await record({ clock: startedAt(start), seconds, count: 4 });
    expect(walls(seen)).toEqual(expected);
    expect(skips(seen)).toEqual([0, 0, 0, 0]);
  });

  it('leave out a multiple too soon after the first, which does not count as skipped', async () => {
    const clock = startedAt(501);
    clock.onSleep((asked) => clock.advance(asked)).oversleep(2);
    const seen = await record({ clock, count: 3 });
    expect(walls(seen)).toEqual([501, 2002, 3000]);
    expect(skips(seen)).toEqual([0, 0, 0]);
  });

  it('carry the monotonic time, in microseconds', async () => {
    const seen: number[] = [];
    for await (const { at } of ticks(startedAt(250), 1)) {
      seen.push(at);
      if (seen.length === 3) break;
    }
    expect(seen).toEqual([MONOTONIC_START, MONOTONIC_START + 750_000, MONOTONIC_START + 1_750_000]);
  });

  it.each([
    ['600 ms past a multiple: the next multiple is too near', 600, [600, 2000, 3000]],
    ['1 ms before a multiple', 999, [999, 2000, 3000]],
    ['half an interval past a multiple: near enough to be kept', 500, [500, 1000, 2000]],
  ])('are never closer than half an interval after a start %s', async (_what, start, expected) => {
    const seen = await record({ clock: startedAt(start), count: 3 });
    expect(walls(seen)).toEqual(expected);
    expect(skips(seen)).toEqual([0, 0, 0]);
  });

  it('do not wait longer because the previous one took long', async () => {
    const clock = startedAt(0);
    const seen = await record({ clock, count: 4, during: () => clock.advance(180) });
    expect(walls(seen)).toEqual([0, 1000, 2000, 3000]);
    expect(clock.sleeps).toEqual([820, 820, 820]);
  });

  it('do not sleep again after their caller stops', async () => {
    const clock = startedAt(0);
    await record({ clock, count: 2 });
    expect(clock.sleeps).toEqual([1000]);
  });
});

describe('an update that is late', () => {
  it.each([
    ['100 ms: it comes late, the next on schedule', 100, [0, 1100, 2000, 3000], [0, 0, 0, 0]],
    ['half an interval: it still comes', 500, [0, 1500, 2000, 3000], [0, 0, 0, 0]],
    ['more than that: it is skipped and counted', 501, [0, 2000, 3000, 4000], [0, 1, 0, 0]],
    ['almost an interval', 999, [0, 2000, 3000, 4000], [0, 1, 0, 0]],
    ['2.7 intervals: three are skipped, none is doubled', 2700, [0, 4000, 5000, 6000], [0, 3, 0, 0]],
    ['3.1 intervals: it comes for the multiple that has just been', 3100, [0, 4100, 5000, 6000], [0, 3, 0, 0]],
  ])('by %s', async (_what, late, expected, skipped) => {
    const seen = await record({ clock: startedAt(0).oversleep(late), count: 4 });
    expect(walls(seen)).toEqual(expected);
    expect(skips(seen)).toEqual(skipped);
  });

  it('several times is counted until one comes', async () => {
    const clock = startedAt(0).oversleep(700).oversleep(0).oversleep(600).oversleep(800).oversleep(550);
    const seen = await record({ clock, count: 4 });
    expect(walls(seen)).toEqual([0, 2000, 4800, 6000]);
    expect(skips(seen)).toEqual([0, 1, 2, 0]);
  });

  it.each([
    [600, [0, 2600, 4600, 6600]],
    [501, [0, 2501, 4501, 6501]],
    [999, [0, 2999, 4999, 6999]],
    [1600, [0, 4600, 8600, 12_600]],
  ])(
    'every time, here by %i ms, comes at every other waking, and says how many are skipped',
    async (late, expected) => {
      const clock = startedAt(0);
      for (let waking = 0; waking < 10; waking++) clock.oversleep(late);
      const seen = await record({ clock, count: 4 });
      expect(walls(seen)).toEqual(expected);
      for (const { skipped } of seen.slice(1)) expect(skipped).toBeGreaterThanOrEqual(1);
    },
  );

  it('because the previous one took long is counted too', async () => {
    const clock = startedAt(0);
    const during = (tick: number): void => clock.advance(tick === 1 ? 3500 : 0);
    const seen = await record({ clock, count: 3, during });
    expect(walls(seen)).toEqual([0, 4000, 5000]);
    expect(skips(seen)).toEqual([0, 3, 0]);
  });
});

describe('restarted updates', () => {
  it('end when they are interrupted', async () => {
    const interruption = new Interruption();
    const clock = startedAt(0);
    clock.onSleep((asked) => clock.advance(asked));
    clock.onSleep(() => {
      clock.advance(17);
      interruption.come();
    });
    const seen: number[] = [];
    for await (const { at } of ticks(clock, 300, { interruption })) {
      seen.push((at - MONOTONIC_START) / 1e6);
    }
    expect(seen).toEqual([0, 300]);
    expect(clock.monotonic() - MONOTONIC_START).toBe(300_017_000);
  });

  it.each([
    [100, [1100 + 400, 2000, 3000]],
    [499, [1499 + 1, 2000, 3000]],
    [501, [1501, 3000, 4000]],
    [40_000, [41_000, 42_000, 43_000]],
  ])('%i ms after the previous one come at once, but at least half a second apart', async (since, expected) => {
    const clock = startedAt(1000);
    const after = clock.monotonic();
    clock.advance(since);
    const seen: number[] = [];
    for await (const _ of ticks(clock, 1, { after })) {
      seen.push(clock.wall() - ORIGIN);
      if (seen.length === 3) break;
    }
    expect(seen).toEqual(expected);
  });
});

describe('a timer that fires early', () => {
  it.each([1, 0.25, 20])('by %d ms gives one update, on schedule', async (early) => {
    const clock = startedAt(0).oversleep(-early);
    const seen = await record({ clock, count: 3 });
    expect(walls(seen)).toEqual([0, 1000, 2000]);
    expect(clock.sleeps).toEqual([1000, early, 1000]);
  });
});

describe('the wall clock', () => {
  it.each([
    ['an hour', HOUR, [0, 1000, 2000, 3000]],
    ['an hour and a quarter of a second', HOUR + 250, [0, 1000, 2250, 3250]],
    ['300 ms', 300, [0, 1000, 2300, 3300]],
    ['5 ms', 5, [0, 1000, 2005, 3005]],
  ])('set back by %s during a wait does not keep the updates waiting for that long', async (_what, back, expected) => {
    const clock = startedAt(0).oversleep(0);
    clock.onSleep((asked) => {
      clock.advance(asked);
      clock.step(-back);
    });
    const seen = await record({ clock, count: 4 });
    expect(elapsed(seen)).toEqual(expected);
    expect(skips(seen)).toEqual([0, 0, 0, 0]);
  });

  it('set back by an hour during an update does not keep the next one waiting', async () => {
    const clock = startedAt(0);
    const during = (tick: number): void => clock.step(tick === 2 ? -HOUR : 0);
    const seen = await record({ clock, count: 4, during });
    expect(elapsed(seen)).toEqual([0, 1000, 2000, 3000]);
  });

  it('set back by a little never brings two updates closer than half an interval', async () => {
    const clock = startedAt(0);
    const during = (tick: number): void => clock.step(tick === 2 ? -200 : 0);
    const seen = await record({ clock, count: 4, during });
    expect(elapsed(seen)).toEqual([0, 1000, 2200, 3200]);
    expect(walls(seen)).toEqual([0, 1000, 2000, 3000]);
  });

  it('set forward by an hour during a wait skips one update, and the next is on a multiple', async () => {
    const clock = startedAt(0).oversleep(0);
    clock.onSleep((asked) => {
      clock.advance(asked);
      clock.step(HOUR + 750);
    });
    const seen = await record({ clock, count: 4 });
    expect(elapsed(seen)).toEqual([0, 1000, 2250, 3250]);
    expect(walls(seen)).toEqual([0, 1000, HOUR + 3000, HOUR + 4000]);
  });

  it('set forward by an hour during an update skips none', async () => {
    const clock = startedAt(0);
    const during = (tick: number): void => clock.step(tick === 2 ? HOUR : 0);
    const seen = await record({ clock, count: 4, during });
    expect(elapsed(seen)).toEqual([0, 1000, 2000, 3000]);
    expect(skips(seen)).toEqual([0, 0, 0, 0]);
  });
});

describe('however inaccurate the timer and the wall clock are,', () => {
  const disturbance = fc.record({
    late: fc.integer({ min: -15, max: 2500 }),
    step: fc.oneof(fc.constant(0), fc.integer({ min: -5000, max: 5000 })),
  });
  const disturbances = fc.array(disturbance, { maxLength: 20 });

  it('updates continue and are at least half an interval apart', async () => {
    const property = async (
      start: number,
      seconds: number,
      waits: readonly { late: number; step: number }[],
    ): Promise<void> => {
      const clock = startedAt(start);
      for (const { late, step } of waits) {
        clock.onSleep((asked) => {
          clock.advance(Math.max(0.5, asked + late));
          clock.step(step);
        });
      }
      const at = elapsed(await record({ clock, seconds, count: 25 }));
      const gaps = at.slice(1).map((time, index) => time - (at[index] ?? Number.NaN));
      expect(gaps).toHaveLength(24);
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(seconds * 500);
    };
    const start = fc.integer({ min: 0, max: 9999 });
    await fc.assert(fc.asyncProperty(start, fc.integer({ min: 1, max: 3 }), disturbances, property));
  });

  it('only the first update, and one after a skipped one, comes later than half an interval after a multiple', async () => {
    const property = async (start: number, lates: readonly number[]): Promise<void> => {
      const clock = startedAt(start);
      for (const late of lates) clock.oversleep(late);
      const seen = walls(await record({ clock, count: 25 }));
      const late = seen.slice(1).filter((wall, index) => wall % 1000 > 500 && wall - (seen[index] ?? wall) <= 1500);
      expect(late).toEqual([]);
    };
    const lates = fc.array(fc.integer({ min: 0, max: 4000 }), { maxLength: 20 });
    await fc.assert(fc.asyncProperty(fc.integer({ min: 0, max: 999 }), lates, property));
  });
});

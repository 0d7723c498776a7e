/**
 * Compares samples of a connection table with the whole of it. Every run of entries in the order of the hash table is a
 * random sample, not only the first, so one dump has many.
 */

import type { Connect } from '../../collector/modules/access.ts';
import type { Breakdown } from '../../collector/modules/flows/breakdown.ts';
import { SAMPLE, scaleOf } from '../../collector/modules/flows/extent.ts';
import { LargestShares } from '../../collector/modules/flows/largest_shares.ts';
import { RemainingTime } from '../../collector/modules/flows/remaining_time.ts';
import { SnatUse } from '../../collector/modules/flows/snat_use.ts';
import { StuckTracker } from '../../collector/modules/flows/stuck.ts';
import { TableReader } from '../../collector/modules/flows/table_reader.ts';
import { Tally } from '../../collector/modules/flows/tally.ts';
import { inSlices } from '../../collector/modules/slices.ts';
import type { Flow } from '../../collector/netlink/flow.ts';
import { runtime } from './worker_runtime.ts';

/** Shares of the table, each estimated from a sample. */
export interface Estimates {
  /** CPU time of a sample with all that the module `flows` counts, of each of some readings, in milliseconds. */
  readonly sampled: readonly number[];
  /** Deviations of each sample's shares from the true ones, in standard errors. */
  readonly deviations: readonly (readonly number[])[];
  /** The largest deviation of a share, in percentage points. */
  readonly worst: number;
}

/** Counts every {@link SAMPLE} entries separately, and all of them together. */
class Windows implements Breakdown {
  readonly parts = [];
  readonly windows: Tally[] = [];
  readonly whole = new Tally();
  #entries = 0;

  add(flow: Flow): void {
    if (this.#entries++ % SAMPLE === 0) this.windows.push(new Tally());
    this.windows.at(-1)?.add(flow);
    this.whole.add(flow);
  }

  fill(): void {}
}

/** Reads the table as a sample some times, and once as a whole. */
export async function sample(connect: Connect, times: number): Promise<Estimates> {
  const table = new TableReader(connect);
  const snat = new SnatUse([]);
  const stuck = new StuckTracker();
  /** What the module flows looks at. */
  const begin = (): readonly Breakdown[] => [
    new Tally(),
    new LargestShares(),
    new RemainingTime(),
    snat.begin(),
    stuck.begin(runtime.monotonic()),
  ];
  const sampled: number[] = [];
  for (let time = 0; time < times; time++) {
    const done = await inSlices(table.read({ begin, most: () => SAMPLE }), runtime, () => false);
    if (done === undefined) continue;
    const { value } = done;
    for (const breakdown of value.visitors) breakdown.fill({}, scaleOf(value));
    sampled.push(done.cpuTime / 1000);
  }
  const windows = new Windows();
  const whole = await inSlices(table.read({ begin: () => [windows] }), runtime, () => false);
  table.close();
  const entries = whole?.value.read ?? 0;
  const truth = shares(windows.whole, entries);
  let worst = 0;
  // The last one is incomplete.
  const deviations = windows.windows.slice(0, Math.floor(entries / SAMPLE)).map((window) => {
    const estimates = shares(window, SAMPLE);
    return Object.entries(truth).flatMap(([metric, share]) => {
      if (share === 0 || share === 1) return [];
      const error = Math.abs((estimates[metric] ?? 0) - share);
      worst = Math.max(worst, 100 * error);
      return [error / Math.sqrt((share * (1 - share)) / SAMPLE)];
    });
  });
  return { sampled, deviations, worst };
}

function shares(tally: Tally, entries: number): Record<string, number> {
  const values: Record<string, number | undefined> = {};
  tally.fill(values, 1);
  return Object.fromEntries(Object.entries(values).map(([metric, count = 0]) => [metric, count / entries]));
}

/** How much of the table is read: all of it, or a sample when that would cost more than the configuration allows. */

import type { TableUse } from '../../netlink/statistics.ts';
import type { Claim } from '../budget.ts';
import type { Scan } from './table_reader.ts';

/** `auto` reads the whole table if that is affordable at the configured interval, and a sample otherwise. */
export type Method = 'auto' | 'full' | 'sample';

/** Entries of a sample: the standard error of a share is at most 0.35 percentage points. */
export const SAMPLE = 20_000;
/** CPU time of an entry in microseconds, before a dump was measured. */
const COST = 3;
/** A sampled table is read whole again when that costs less than this part of what is allowed. */
const MARGIN = 0.8;

export interface ExtentOptions {
  readonly method: Method;
  /** Seconds between two readings. */
  readonly every: number;
  /** The share of one CPU that readings may use. */
  readonly claim: Claim;
}

export class Extent {
  readonly #options: ExtentOptions;
  #cost = COST;
  #isSampling = false;

  constructor(options: ExtentOptions) {
    this.#options = options;
  }

  /** Entries after which to stop reading a table. */
  most({ entries }: TableUse): number {
    const { claim, every, method } = this.#options;
    const affordable = (every * 1e6 * claim.share) / this.#cost;
    if (method === 'auto') this.#isSampling = entries > affordable * (this.#isSampling ? MARGIN : 1);
    else this.#isSampling = method === 'sample';
    return this.#isSampling ? SAMPLE : Number.POSITIVE_INFINITY;
  }

  /**
   * Learns the price of an entry from a reading.
   *
   * @param cpuTime of the reading in microseconds.
   */
  learn({ read }: Pick<Scan<unknown>, 'read'>, cpuTime: number): void {
    // The price per entry of a small table is that of walking the empty buckets.
    if (read >= SAMPLE) this.#cost = cpuTime / read;
  }
}

/** What the scale of numbers from a reading is: 1 if the whole table was read. */
export function scaleOf({ isSample, read, use }: Omit<Scan<unknown>, 'visitors'>): number {
  return isSample && read > 0 ? Math.max(1, use.entries / read) : 1;
}

/**
 * The standard error of a share, in percentage points; 0 if the whole table was read. Of a share p over n entries it is
 * sqrt(p (1 - p) / n), less what the size of the sample leaves no doubt about.
 *
 * @param share from 0 to 1; a half has the largest error.
 */
export function standardErrorOf(scan: Omit<Scan<unknown>, 'visitors'>, share = 0.5): number {
  const unread = 1 - 1 / scaleOf(scan);
  return unread === 0 ? 0 : 100 * Math.sqrt((share * (1 - share) * unread) / scan.read);
}

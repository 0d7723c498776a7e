/**
 * Which sample feeds which chart, whoever draws it, and when a chart that is fed no longer is gone.
 */

import type { Sample } from '../modules/module.ts';
import type { Reading } from './renderer.ts';

/** A chart without data for so long is gone, in microseconds. */
const GONE_AFTER = 60e6;
/** And not before so many intervals: a module that fails once needs up to four to have something to draw again. */
const GONE_INTERVALS = 4;

/** A sample, the module that it comes from, and the seconds between two readings of it. */
export interface Source {
  readonly sample: Sample;
  readonly module: string;
  readonly every: number;
}

/** What the charts of one instance are drawn from: several modules can know something of the host. */
export type Feed = readonly Source[];

/** One feed for the host, whichever modules know something of it, and one for each sample of another scope. */
export function feedsOf(readings: readonly Reading[]): Feed[] {
  const host: Source[] = [];
  const feeds: Feed[] = [host];
  for (const { every, module, samples } of readings) {
    for (const sample of samples) {
      if (sample.scope === 'host') host.push({ sample, module, every });
      else feeds.push([{ sample, module, every }]);
    }
  }
  return feeds;
}

/** The first source that knows a metric. */
export function sourceOf(feed: Feed, metric: string): Source | undefined {
  for (const source of feed) {
    if (source.sample.values[metric] !== undefined) return source;
  }
  return undefined;
}

/** Microseconds without data after which a chart is gone; `every` in seconds. */
export function patienceOf(every: number): number {
  return Math.max(GONE_AFTER, GONE_INTERVALS * every * 1e6);
}

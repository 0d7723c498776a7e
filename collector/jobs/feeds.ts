/** Which samples feed which charts, and when a chart without data counts as gone. */

import type { Sample, Scope } from '../modules/module.ts';
import type { Reading } from './renderer.ts';

/** A chart is gone after this many microseconds without data… */
const GONE_AFTER = 60e6;
/** …and at least this many intervals: a module that fails once needs up to four to return data again. */
const GONE_INTERVALS = 4;

/**
 * The data of the charts of one instance: a sample, and those of other modules for the same instance as a linked list,
 * which needs no array for each of many instances.
 */
export interface Feed {
  readonly sample: Sample;
  /** Name of the sample's module. */
  readonly module: string;
  /** Seconds between two readings of the module. */
  readonly every: number;
  /** The sample of the next module; only a host or a network namespace as a whole has several. */
  next: Feed | undefined;
}

/**
 * Groups samples by scope: one feed for the host and for each network namespace, whichever modules it comes from, and
 * one for each other sample. The readings of one job must follow each other.
 */
export function feedsOf(readings: readonly Reading[]): ReadonlyMap<Scope, readonly Feed[]> {
  const feeds = new Map<Scope, Feed[]>();
  let lastOfHost: Feed | undefined;
  for (const { every, module, samples } of readings) {
    for (const sample of samples) {
      const feed: Feed = { sample, module, every, next: undefined };
      const isHost = sample.scope === 'host';
      if (isHost && lastOfHost?.sample.instance === sample.instance) lastOfHost.next = feed;
      else if (feeds.get(sample.scope)?.push(feed) === undefined) feeds.set(sample.scope, [feed]);
      if (isHost) lastOfHost = feed;
    }
  }
  return feeds;
}

/** The first part of a feed that has a metric. */
function sourceOf(feed: Feed, metric: string): Feed | undefined {
  let source: Feed | undefined = feed;
  while (source !== undefined && source.sample.values[metric] === undefined) source = source.next;
  return source;
}

/** The source of the first of these metrics that has one. */
export function firstSource(feed: Feed, metrics: readonly { readonly metric: string }[]): Feed | undefined {
  for (const { metric } of metrics) {
    const source = sourceOf(feed, metric);
    if (source !== undefined) return source;
  }
  return undefined;
}

/** The value of a metric in the first part of a feed that has it. */
export function valueIn(feed: Feed, metric: string): number | undefined {
  for (let source: Feed | undefined = feed; source !== undefined; source = source.next) {
    const value = source.sample.values[metric];
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Microseconds without data after which a chart is gone; `every` in seconds. */
export function patienceOf(every: number): number {
  return Math.max(GONE_AFTER, GONE_INTERVALS * every * 1e6);
}

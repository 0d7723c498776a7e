/** The current values of every chart instance. */

import type { Chart } from '../../charts/types.ts';
import { type Feed, feedsOf, firstSource, patienceOf, valueIn } from '../jobs/feeds.ts';
import type { Reading } from '../jobs/renderer.ts';
import { History, type Series } from './history.ts';

/** How late a value may be before it is old: this many ticks, or this share of its interval if that is longer. */
const LATE_TICKS = 0.5;
const LATE_SHARE = 0.25;

/** Whether the next values of an instance are not yet due, due (reading can take a while), or overdue. */
export type Age = 'new' | 'due' | 'old';

/** One instance of a chart. */
export class Shown {
  readonly chart: Chart;
  readonly instance: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds between two readings. */
  every = 0;
  /** By dimension; without those unknown in the last reading. */
  values: ReadonlyMap<string, number> = new Map();
  /** By name; without those unknown in the last reading. */
  variables: ReadonlyMap<string, number> = new Map();
  readonly #histories = new Map<string, History>();
  readonly #tick: number;
  #readAt = 0;
  #now = 0;

  constructor(chart: Chart, { instance, labels }: Feed['sample'], tick: number) {
    this.chart = chart;
    this.instance = instance;
    this.labels = labels;
    this.#tick = tick * 1e6;
  }

  /** The name of another network namespace than the one that the screen is about. */
  get netns(): string | undefined {
    return this.labels['netns'];
  }

  get age(): Age {
    const interval = this.every * 1e6;
    const late = this.#now - this.#readAt - interval;
    const slack = LATE_TICKS * this.#tick;
    if (late < -slack) return 'new';
    return late < Math.max(slack, LATE_SHARE * interval) ? 'due' : 'old';
  }

  /** Takes new values; `false` if there are none. */
  read(at: number, feed: Feed): boolean {
    const { dimensions, variables = [] } = this.chart;
    const source = firstSource(feed, dimensions);
    if (source === undefined) return false;
    this.every = source.every;
    this.#readAt = at;
    this.values = valuesOf(feed, dimensions, ({ id }) => id);
    this.variables = valuesOf(feed, variables, ({ name }) => name);
    for (const [dimension, value] of this.values) {
      const known = this.#histories.get(dimension);
      const history = known?.every === this.every ? known : new History(this.every);
      history.add(at, value);
      this.#histories.set(dimension, history);
    }
    return true;
  }

  /**
   * Advances the time.
   *
   * @returns whether it is gone: without values for so long that none will come.
   */
  advance(now: number): boolean {
    this.#now = now;
    return now - this.#readAt >= patienceOf(this.every);
  }

  /** The last minute of a dimension; `undefined` if nothing of it is known. */
  series(dimension: string): Series | undefined {
    const series = this.#histories.get(dimension)?.series(this.#now);
    return series?.values.some((value) => value !== undefined) ? series : undefined;
  }
}

export class Board {
  readonly #charts: readonly Chart[];
  readonly #every: number;
  readonly #shown = new Map<string, Shown>();

  /** @param every seconds between two updates. */
  constructor(charts: readonly Chart[], every: number) {
    this.#charts = charts;
    this.#every = every;
  }

  /**
   * Takes new readings; an instance without one keeps its values until it is gone.
   *
   * @param at monotonic time in microseconds.
   */
  update(at: number, readings: readonly Reading[]): void {
    const feeds = feedsOf(readings);
    for (const chart of this.#charts) {
      for (const feed of feeds.get(chart.scope) ?? []) {
        const key = `${chart.context} ${feed.sample.instance}`;
        const shown = this.#shown.get(key) ?? new Shown(chart, feed.sample, this.#every);
        if (shown.read(at, feed)) this.#shown.set(key, shown);
      }
    }
    for (const [key, shown] of this.#shown) {
      if (shown.advance(at)) this.#shown.delete(key);
    }
  }

  /** The known instances of a chart, without those of other network namespaces, in the order they were first seen. */
  instances(context: string): readonly Shown[] {
    return [...this.#shown.values()].filter(({ chart, netns }) => chart.context === context && netns === undefined);
  }

  /** What is known of each other network namespace, by its name, in the order they were first seen. */
  get namespaces(): ReadonlyMap<string, readonly Shown[]> {
    const known = new Map<string, Shown[]>();
    for (const shown of this.#shown.values()) {
      if (shown.netns === undefined) continue;
      if (known.get(shown.netns)?.push(shown) === undefined) known.set(shown.netns, [shown]);
    }
    return known;
  }
}

function valuesOf<T extends { readonly metric: string }>(feed: Feed, all: readonly T[], keyOf: (one: T) => string) {
  const values = new Map<string, number>();
  for (const one of all) {
    const value = valueIn(feed, one.metric);
    if (value !== undefined) values.set(keyOf(one), value);
  }
  return values;
}

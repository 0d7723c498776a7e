/** What is known at present of every chart and of each of its instances. */

import type { Chart } from '../../charts/types.ts';
import { type Feed, feedsOf, patienceOf, sourceOf } from '../jobs/feeds.ts';
import type { Reading } from '../jobs/renderer.ts';
import { History, type Series } from './history.ts';

/** What is late by less than so many ticks, or than this share of its own interval, may still be on its way. */
const LATE_TICKS = 0.5;
const LATE_SHARE = 0.25;

/**
 * Whether what is shown is from the present: it has come and is not due again; it is due again and has not come, which
 * may be because reading it takes a while; or it should have come long since.
 */
export type Age = 'new' | 'due' | 'old';

/** One chart of one instance. */
export interface Shown {
  readonly chart: Chart;
  readonly instance: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds between two values at present. */
  readonly every: number;
  readonly age: Age;
  /** By dimension; none for one that was not known when the chart was last read. */
  readonly values: ReadonlyMap<string, number>;
  /** By name. */
  readonly variables: ReadonlyMap<string, number>;
  /** The last minute of a dimension; `undefined` when nothing of it is known. */
  series(dimension: string): Series | undefined;
}

interface Time {
  /** Monotonic, in microseconds. */
  at: number;
  /** Seconds between two updates. */
  readonly tick: number;
}

class Drawn implements Shown {
  readonly chart: Chart;
  readonly instance: string;
  readonly labels: Shown['labels'];
  every = 0;
  updatedAt = 0;
  readonly values = new Map<string, number>();
  readonly variables = new Map<string, number>();
  readonly #histories = new Map<string, History>();
  readonly #time: Time;

  constructor(chart: Chart, { instance, labels }: Pick<Shown, 'instance' | 'labels'>, time: Time) {
    this.chart = chart;
    this.instance = instance;
    this.labels = labels;
    this.#time = time;
  }

  get age(): Age {
    const { at, tick } = this.#time;
    const late = at - this.updatedAt - this.every * 1e6;
    const slack = LATE_TICKS * tick * 1e6;
    if (late < -slack) return 'new';
    return late < Math.max(slack, LATE_SHARE * this.every * 1e6) ? 'due' : 'old';
  }

  /** Whether nothing has come for so long that nothing will. */
  get isGone(): boolean {
    return this.#time.at - this.updatedAt >= patienceOf(this.every);
  }

  update(at: number, feed: Feed, values: ReadonlyMap<string, number>, every: number): void {
    this.every = every;
    this.updatedAt = at;
    this.values.clear();
    for (const [dimension, value] of values) {
      this.values.set(dimension, value);
      if (this.#histories.get(dimension)?.every !== every) this.#histories.set(dimension, new History(every));
      this.#histories.get(dimension)?.add(at, value);
    }
    for (const { name, metric } of this.chart.variables ?? []) {
      const value = sourceOf(feed, metric)?.sample.values[metric];
      if (value === undefined) this.variables.delete(name);
      else this.variables.set(name, value);
    }
  }

  series(dimension: string): Series | undefined {
    const series = this.#histories.get(dimension)?.series(this.#time.at);
    return series?.values.some((value) => value !== undefined) ? series : undefined;
  }
}

export class Board {
  readonly #charts: readonly Chart[];
  readonly #time: Time;
  /** By context and instance. */
  readonly #drawn = new Map<string, Map<string, Drawn>>();

  /** @param every seconds between two updates. */
  constructor(charts: readonly Chart[], every: number) {
    this.#charts = charts;
    this.#time = { at: 0, tick: every };
  }

  /**
   * Takes what the modules returned; what there is of a chart stays until something newer comes, or until it is gone.
   *
   * @param at monotonic time in microseconds.
   */
  update(at: number, readings: readonly Reading[]): void {
    this.#time.at = at;
    const feeds = feedsOf(readings);
    for (const chart of this.#charts) {
      for (const feed of feeds.get(chart.scope) ?? []) this.#take(chart, feed);
    }
    this.pass(at);
  }

  /** Time goes by without an update; what is gone by then is forgotten. */
  pass(at: number): void {
    this.#time.at = at;
    for (const instances of this.#drawn.values()) {
      for (const [instance, drawn] of instances) {
        if (drawn.isGone) instances.delete(instance);
      }
    }
  }

  /** Every instance of a chart that is known, in the order in which they were seen first. */
  instances(context: string): readonly Shown[] {
    return [...(this.#drawn.get(context)?.values() ?? [])];
  }

  #take(chart: Chart, feed: Feed): void {
    const { sample } = feed;
    const values = new Map<string, number>();
    let every: number | undefined;
    for (const { id, metric } of chart.dimensions) {
      const source = sourceOf(feed, metric);
      const value = source?.sample.values[metric];
      if (value === undefined) continue;
      every ??= source?.every;
      values.set(id, value);
    }
    if (every === undefined) return;
    const instances = this.#drawn.get(chart.context) ?? new Map<string, Drawn>();
    this.#drawn.set(chart.context, instances);
    const drawn = instances.get(sample.instance) ?? new Drawn(chart, sample, this.#time);
    instances.set(sample.instance, drawn);
    drawn.update(this.#time.at, feed, values, every);
  }
}

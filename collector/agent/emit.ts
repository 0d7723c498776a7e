/**
 * The life cycle of charts. A chart is defined when it first has data, and becomes obsolete after a minute without data
 * or four of its intervals, if that is longer. It becomes obsolete at once when its definition is removed or its module
 * is turned off. The state of an obsolete chart is freed: if data return, it is a new chart.
 */

import { isDeepStrictEqual } from 'node:util';

import type { Chart } from '../../charts/types.ts';
import { type Feed, feedsOf, firstSource, patienceOf, valueIn } from '../jobs/feeds.ts';
import type { Reading, Renderer } from '../jobs/renderer.ts';
import type { Sample } from '../modules/module.ts';
import { chartLine, dimensionLine, idOf, suffixOf } from './definition.ts';
import { type Encoded, encode, LineBuffer } from './line_buffer.ts';
import * as protocol from './protocol/writer.ts';

const END = encode(protocol.end());

/** One chart of one instance, as the agent knows it. There can be thousands. */
interface ChartState {
  /** What follows the {@link Entry.begin} of its chart; the same object in all charts of the instance. */
  readonly ending: Encoded;
  labels: Readonly<Record<string, string>>;
  /** Whether the agent has its current definition. */
  isDefined: boolean;
  /** Name of the module that its last values came from. */
  module: string;
  /** Seconds between two updates, as last defined. */
  every: number;
  /** Places of the defined dimensions, those that have had a value: bit 0 is the first one. */
  declared: number;
  /** Last value sent of each variable, by its place in the chart; `undefined` if the chart has none. */
  readonly sent: (number | undefined)[] | undefined;
  /** Monotonic time of the last update, in microseconds; `undefined` before the first. */
  updatedAt: number | undefined;
}

/** What an update needs of a dimension. */
interface DimensionLine {
  readonly metric: string;
  readonly divisor: number;
  /** The start of its `SET` lines. */
  readonly set: Encoded;
}

/** A chart, and its instances by name. */
interface Entry {
  readonly chart: Chart;
  /** The start of `BEGIN` lines, which the name of the instance ends. */
  readonly begin: Encoded;
  /** {@link ChartState.declared} of a chart with all dimensions. */
  readonly complete: number;
  readonly dimensions: readonly DimensionLine[];
  readonly instances: Map<string, ChartState>;
}

export interface EmitterOptions {
  readonly charts: readonly Chart[];
  /** Value of the label `source` of every chart; no such label if empty. */
  readonly source: string;
}

export class Emitter implements Renderer {
  #source = '';
  #entries: readonly Entry[] = [];
  /** Removed charts that the next update makes obsolete. */
  #leaving: Entry[] = [];
  readonly #lines = new LineBuffer();

  constructor(options: EmitterOptions) {
    this.use(options);
  }

  /**
   * Replaces the charts. A chart that stays keeps its state, and is defined again if its definition has changed; it has the
   * same dimensions.
   * Removed charts become obsolete with the next update.
   */
  use({ charts, source }: EmitterOptions): void {
    const before = new Map(this.#entries.map((entry) => [keyOf(entry.chart), entry]));
    this.#entries = charts.map((chart) => {
      const old = before.get(keyOf(chart));
      before.delete(keyOf(chart));
      const instances = old?.instances ?? new Map<string, ChartState>();
      if (source !== this.#source || !isDeepStrictEqual(chart, old?.chart)) {
        for (const state of instances.values()) state.isDefined = false;
      }
      return createEntry(chart, instances);
    });
    this.#leaving.push(...before.values());
    this.#source = source;
  }

  /**
   * The protocol text of one tick. It counts as sent: every chart in it is taken as defined and updated.
   *
   * @param at monotonic time in microseconds.
   * @returns memory that the next call overwrites.
   */
  render(at: number, readings: readonly Reading[]): Buffer {
    const feeds = feedsOf(readings);
    for (const entry of this.#entries) {
      const feedsOfScope = feeds.get(entry.chart.scope);
      if (feedsOfScope !== undefined) for (const feed of feedsOfScope) this.#update(entry, feed, at);
    }
    this.#dismiss();
    this.#retire(at, readings);
    return this.#lines.take();
  }

  #update(entry: Entry, feed: Feed, at: number): void {
    const { begin, chart, dimensions, instances } = entry;
    const lines = this.#lines;
    const { sample } = feed;
    if (chart.hostOnly === true && sample.instance !== '' && !hasOtherSource(chart, feed)) return;
    const source = firstSource(feed, chart.dimensions);
    if (source === undefined) return;
    let state = instances.get(sample.instance);
    if (state === undefined) {
      state = createState(chart, sample, source, this.#endingOf(sample.instance));
      instances.set(sample.instance, state);
    }
    const { every, module } = source;
    if (state.every !== every || hasNewDimension(entry, state, feed)) state.isDefined = false;
    if (state.labels !== sample.labels && !isDeepStrictEqual(state.labels, sample.labels)) state.isDefined = false;
    state.labels = sample.labels;
    state.every = every;
    state.module = module;
    if (!state.isDefined) this.#define(chart, state, feed);
    if (state.updatedAt === undefined) {
      lines.addText(protocol.begin(idOf(chart, sample.instance)));
    } else {
      lines.addEncoded(begin);
      lines.addLine(state.ending, Math.round(at - state.updatedAt));
    }
    state.updatedAt = at;
    for (const { divisor, metric, set } of dimensions) {
      const value = valueIn(feed, metric);
      if (value !== undefined) lines.addLine(set, Math.round(value * divisor));
    }
    this.#addVariables(chart, state, feed);
    lines.addEncoded(END);
  }

  /** The ending of an instance, from one of its charts if it has any. */
  #endingOf(instance: string): Encoded {
    for (const { instances } of this.#entries) {
      const state = instances.get(instance);
      if (state !== undefined) return state.ending;
    }
    return encode(`${suffixOf(instance)} `);
  }

  /** Defines a chart that is new or has changed, or has a dimension that is new to the agent. */
  #define(chart: Chart, state: ChartState, feed: Feed): void {
    state.isDefined = true;
    this.#lines.addText(chartLine(chart, feed.sample.instance, state.every, ''));
    this.#lines.addText(this.#labelLines(state));
    for (const [place, dimension] of chart.dimensions.entries()) {
      if (valueIn(feed, dimension.metric) !== undefined) state.declared |= 1 << place;
      if (isDeclared(state, place)) this.#lines.addText(dimensionLine(dimension));
    }
  }

  #labelLines({ labels }: ChartState): string {
    let text = '';
    for (const [name, value] of Object.entries(labels)) {
      text += protocol.chartLabel(name, value, protocol.LABEL_FROM_PLUGIN);
    }
    if (this.#source !== '') text += protocol.chartLabel('source', this.#source, protocol.LABEL_FROM_CONFIGURATION);
    // Agents before 2.0 end a plugin that commits labels of a chart without labels.
    return text === '' ? '' : text + protocol.chartLabelCommit();
  }

  /** Adds the variables of a chart whose value has changed since they were sent. */
  #addVariables({ variables }: Chart, { sent }: ChartState, feed: Feed): void {
    if (variables === undefined || sent === undefined) return;
    for (const [place, { name, metric }] of variables.entries()) {
      const value = valueIn(feed, metric);
      if (value === undefined || value === sent[place]) continue;
      sent[place] = value;
      this.#lines.addText(protocol.chartVariable(name, value));
    }
  }

  /** Makes removed charts obsolete. */
  #dismiss(): void {
    for (const { chart, instances } of this.#leaving.splice(0)) {
      for (const [instance, { every }] of instances) this.#lines.addText(chartLine(chart, instance, every, 'obsolete'));
    }
  }

  /** Makes charts obsolete that have been without data for too long, or whose module is gone. */
  #retire(at: number, readings: readonly Reading[]): void {
    for (const { chart, instances } of this.#entries) {
      if (instances.size === 0) continue;
      for (const [instance, state] of instances) {
        const silence = at - (state.updatedAt ?? at);
        if (silence === 0) continue;
        const hasModule = readings.some(({ module }) => module === state.module);
        if (hasModule && silence < patienceOf(state.every)) continue;
        instances.delete(instance);
        this.#lines.addText(chartLine(chart, instance, state.every, 'obsolete'));
      }
    }
  }
}

/** Whether a dimension has a value for the first time. */
function hasNewDimension({ complete, dimensions }: Entry, state: ChartState, feed: Feed): boolean {
  if (state.declared === complete) return false;
  return dimensions.some(({ metric }, place) => !isDeclared(state, place) && valueIn(feed, metric) !== undefined);
}

function isDeclared({ declared }: ChartState, place: number): boolean {
  return (declared & (1 << place)) !== 0;
}

/** Whether another module than the chart's own has a value of it. */
function hasOtherSource({ dimensions, module }: Chart, feed: Feed): boolean {
  for (let part: Feed | undefined = feed; part !== undefined; part = part.next) {
    const { values } = part.sample;
    if (part.module !== module && dimensions.some(({ metric }) => values[metric] !== undefined)) return true;
  }
  return false;
}

/** Identifies a chart across changes of its definition. */
function keyOf({ id, scope }: Chart): string {
  return `${scope} ${id}`;
}

function createEntry(chart: Chart, instances: Map<string, ChartState>): Entry {
  const dimensions = chart.dimensions.map(({ divisor = 1, id, metric }) => {
    return { metric, divisor, set: encode(protocol.set(id)) };
  });
  const complete = dimensions.reduce((bits, _, place) => bits | (1 << place), 0);
  return { chart, begin: encode(protocol.beginAfter(idOf(chart, ''))), complete, dimensions, instances };
}

function createState(chart: Chart, { labels }: Sample, { every, module }: Feed, ending: Encoded): ChartState {
  const sent = chart.variables?.map(() => undefined);
  return { ending, labels, isDefined: false, module, every, declared: 0, sent, updatedAt: undefined };
}

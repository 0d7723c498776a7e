/**
 * The life cycle of charts. A chart is defined when it first has data, and becomes obsolete after a minute without data
 * or four of its intervals, if that is longer. It becomes obsolete at once when its definition is removed or its module
 * is turned off. The state of an obsolete chart is freed: if data return, it is a new chart.
 */

import { isDeepStrictEqual } from 'node:util';

import { contextsInOrder, FIRST_PRIORITY } from '../../charts/priorities.ts';
import type { Chart, Dimension } from '../../charts/types.ts';
import { type Feed, feedsOf, firstSource, patienceOf, valueIn } from '../jobs/feeds.ts';
import type { Reading, Renderer } from '../jobs/renderer.ts';
import type { Sample } from '../modules/module.ts';
import { type Encoded, encode, LineBuffer } from './protocol/line_buffer.ts';
import * as protocol from './protocol/writer.ts';

/** The plugin's name as the agent knows it. */
const PLUGIN = 'conntrack.plugin';
/** `type` of every chart: its section of the dashboard. */
const TYPE = 'conntrack';
const END = encode(protocol.end());

/** One chart of one instance, as the agent knows it. */
interface ChartState {
  readonly id: string;
  readonly instance: string;
  /** The start of its `BEGIN` lines. */
  readonly begin: Encoded;
  labels: Readonly<Record<string, string>>;
  /** Whether the agent has its current definition. */
  isDefined: boolean;
  /** Name of the module that its last values came from. */
  module: string;
  /** Seconds between two updates, as last defined. */
  every: number;
  /** Ids of the defined dimensions: those that have had a value. */
  readonly declared: Set<string>;
  /** Last value sent of each variable, by its place in the chart. */
  readonly sent: (number | undefined)[];
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
   * Replaces the charts. A chart that stays keeps its state, and is defined again if its definition has changed.
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

  #update({ chart, dimensions, instances }: Entry, feed: Feed, at: number): void {
    const lines = this.#lines;
    const { sample } = feed;
    if (chart.hostOnly === true && sample.instance !== '' && !hasOtherSource(chart, feed)) return;
    const source = firstSource(feed, chart.dimensions);
    if (source === undefined) return;
    let state = instances.get(sample.instance);
    if (state === undefined) {
      state = createState(chart, sample, source);
      instances.set(sample.instance, state);
    }
    const { every, module } = source;
    if (state.every !== every || hasNewDimension(chart, state, feed)) state.isDefined = false;
    if (state.labels !== sample.labels && !isDeepStrictEqual(state.labels, sample.labels)) state.isDefined = false;
    state.labels = sample.labels;
    state.every = every;
    state.module = module;
    if (!state.isDefined) this.#define(chart, state, feed);
    if (state.updatedAt === undefined) lines.addText(protocol.begin(state.id));
    else lines.addLine(state.begin, Math.round(at - state.updatedAt));
    state.updatedAt = at;
    for (const { divisor, metric, set } of dimensions) {
      const value = valueIn(feed, metric);
      if (value !== undefined) lines.addLine(set, Math.round(value * divisor));
    }
    this.#addVariables(chart, state, feed);
    lines.addEncoded(END);
  }

  /** Defines a chart that is new or has changed, or has a dimension that is new to the agent. */
  #define(chart: Chart, state: ChartState, feed: Feed): void {
    state.isDefined = true;
    this.#lines.addText(chartLine(chart, state, ''));
    this.#lines.addText(this.#labelLines(state));
    for (const dimension of chart.dimensions) {
      if (valueIn(feed, dimension.metric) !== undefined) state.declared.add(dimension.id);
      if (state.declared.has(dimension.id)) this.#lines.addText(dimensionLine(dimension));
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
    if (variables === undefined) return;
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
      for (const state of instances.values()) this.#lines.addText(chartLine(chart, state, 'obsolete'));
    }
  }

  /** Makes charts obsolete that have been without data for too long, or whose module is gone. */
  #retire(at: number, readings: readonly Reading[]): void {
    for (const { chart, instances } of this.#entries) {
      if (instances.size === 0) continue;
      for (const state of instances.values()) {
        const silence = at - (state.updatedAt ?? at);
        if (silence === 0) continue;
        const hasModule = readings.some(({ module }) => module === state.module);
        if (hasModule && silence < patienceOf(state.every)) continue;
        instances.delete(state.instance);
        this.#lines.addText(chartLine(chart, state, 'obsolete'));
      }
    }
  }
}

/** Whether a dimension has a value for the first time. */
function hasNewDimension({ dimensions }: Chart, { declared }: ChartState, feed: Feed): boolean {
  if (declared.size === dimensions.length) return false;
  for (const { id, metric } of dimensions) if (!declared.has(id) && valueIn(feed, metric) !== undefined) return true;
  return false;
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
  return { chart, dimensions, instances };
}

function createState(chart: Chart, { instance, labels }: Sample, { every, module }: Feed): ChartState {
  const id = `${TYPE}.${chart.id}${instance === '' ? '' : `_${instance}`}`;
  return {
    id,
    instance,
    begin: encode(protocol.beginAfter(id)),
    labels,
    isDefined: false,
    module,
    every,
    declared: new Set(),
    sent: [],
    updatedAt: undefined,
  };
}

function chartLine(chart: Chart, { id, every }: ChartState, option: '' | 'obsolete'): string {
  return protocol.chart({
    id,
    title: chart.title,
    units: chart.units,
    family: chart.family,
    context: chart.context,
    type: chart.type,
    priority: FIRST_PRIORITY + contextsInOrder.indexOf(chart.context),
    updateEvery: every,
    options: [chart.detail === true ? 'detail' : '', option].filter((word) => word !== '').join(' '),
    plugin: PLUGIN,
    module: chart.module,
  });
}

function dimensionLine({ id, multiplier = 1, divisor = 1 }: Dimension): string {
  return protocol.dimension(id, id, multiplier, divisor);
}

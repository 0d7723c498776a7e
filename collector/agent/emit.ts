/**
 * The life of charts: a chart is defined when it first has something to draw, updated with whatever is known, and made
 * obsolete when there has been nothing to draw for a minute, or for four of its intervals if that is longer. It is made
 * obsolete at once when its definition is removed, or when the module that fed it is turned off. An obsolete chart is
 * freed: if it returns, it is a new one.
 */

import { isDeepStrictEqual } from 'node:util';

import { contextsInOrder, FIRST_PRIORITY } from '../../charts/priorities.ts';
import type { Chart, Dimension } from '../../charts/types.ts';
import { type Feed, feedsOf, patienceOf, type Source, sourceOf } from '../jobs/feeds.ts';
import type { Reading, Renderer } from '../jobs/renderer.ts';
import type { Sample } from '../modules/module.ts';
import * as protocol from './protocol/writer.ts';

/** The plugin's name as the agent knows it. */
const PLUGIN = 'conntrack.plugin';
/** Every chart's `type`, which is its section of the dashboard. */
const TYPE = 'conntrack';

/** One chart of one instance, as the agent knows it. */
interface Drawn {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether the agent knows it as it is now. */
  isDefined: boolean;
  /** The module that it was last drawn from. */
  module: string;
  /** Seconds between two updates, as the agent knows it. */
  every: number;
  /** The dimensions that the agent knows, by their place in the chart. */
  readonly declared: boolean[];
  /** The last value of each variable, by its place in the chart. */
  readonly variables: (number | undefined)[];
  /** Monotonic time of the last update, in microseconds; `undefined` before the first. */
  updatedAt: number | undefined;
}

/** A chart and its instances, by name. */
interface Entry {
  readonly chart: Chart;
  readonly instances: Map<string, Drawn>;
}

export interface EmitterOptions {
  readonly charts: readonly Chart[];
  /** Label `source` of every chart; none if empty. */
  readonly source: string;
}

export class Emitter implements Renderer {
  #source: string;
  #entries: readonly Entry[];
  /** Removed charts, until the agent has been sent their end. */
  #leaving: Entry[] = [];

  constructor({ charts, source }: EmitterOptions) {
    this.#source = source;
    this.#entries = charts.map((chart) => ({ chart, instances: new Map() }));
  }

  /**
   * Replaces the charts. One that stays keeps its state, and is defined again if its definition has changed; one that is
   * removed is made obsolete by the next update.
   */
  use({ charts, source }: EmitterOptions): void {
    const before = new Map(this.#entries.map((entry) => [keyOf(entry.chart), entry]));
    this.#entries = charts.map((chart) => {
      const old = before.get(keyOf(chart));
      before.delete(keyOf(chart));
      const instances = old?.instances ?? new Map<string, Drawn>();
      if (source !== this.#source || !isDeepStrictEqual(chart, old?.chart)) {
        for (const drawn of instances.values()) drawn.isDefined = false;
      }
      return { chart, instances };
    });
    this.#leaving.push(...before.values());
    this.#source = source;
  }

  /**
   * The protocol text of one tick. It counts as sent: every chart in it is taken for defined and updated.
   *
   * @param at monotonic time in microseconds.
   */
  render(at: number, readings: readonly Reading[]): string {
    const feeds = feedsOf(readings);
    let text = '';
    for (const entry of this.#entries) {
      for (const feed of feeds) {
        if (feed[0]?.sample.scope === entry.chart.scope) text += this.#update(entry, feed, at);
      }
    }
    return text + this.#dismiss() + this.#retire(at, readings);
  }

  #update({ chart, instances }: Entry, feed: Feed, at: number): string {
    const { dimensions } = chart;
    const sample = feed[0]?.sample;
    if (sample === undefined) return '';
    let drawn = instances.get(sample.instance);
    let isDefined = drawn?.isDefined === true;
    let first: Source | undefined;
    let sets = '';
    for (let place = 0; place < dimensions.length; place++) {
      const dimension = dimensions[place];
      if (dimension === undefined) continue;
      const source = sourceOf(feed, dimension.metric);
      const value = source?.sample.values[dimension.metric];
      if (value === undefined) continue;
      first ??= source;
      if (drawn?.declared[place] !== true) isDefined = false;
      sets += protocol.set(dimension.id, Math.round(value * (dimension.divisor ?? 1)));
    }
    if (first === undefined) return '';

    if (drawn === undefined) {
      drawn = createDrawn(chart, sample, first);
      instances.set(sample.instance, drawn);
    }
    if (drawn.every !== first.every) isDefined = false;
    drawn.every = first.every;
    drawn.module = first.module;
    const definition = isDefined ? '' : this.#define(chart, drawn, feed);
    const elapsed = drawn.updatedAt === undefined ? undefined : Math.round(at - drawn.updatedAt);
    drawn.updatedAt = at;
    return definition + protocol.begin(drawn.id, elapsed) + sets + variableLines(chart, drawn, feed) + protocol.end();
  }

  /** Defines a chart that is new, has a dimension that is new to the agent, or has changed otherwise. */
  #define(chart: Chart, drawn: Drawn, feed: Feed): string {
    const { declared } = drawn;
    drawn.isDefined = true;
    let dimensions = '';
    for (const [place, dimension] of chart.dimensions.entries()) {
      if (sourceOf(feed, dimension.metric) !== undefined) declared[place] = true;
      if (declared[place] === true) dimensions += dimensionLine(dimension);
    }
    return chartLine(chart, drawn, '') + this.#labelLines(drawn) + dimensions;
  }

  #labelLines({ labels }: Drawn): string {
    let text = '';
    for (const [name, value] of Object.entries(labels)) {
      text += protocol.chartLabel(name, value, protocol.LABEL_FROM_PLUGIN);
    }
    if (this.#source !== '') text += protocol.chartLabel('source', this.#source, protocol.LABEL_FROM_CONFIGURATION);
    // Agents before 2.0 end a plugin that commits labels of a chart that has none.
    return text === '' ? '' : text + protocol.chartLabelCommit();
  }

  /** Makes removed charts obsolete. */
  #dismiss(): string {
    let text = '';
    for (const { chart, instances } of this.#leaving.splice(0)) {
      for (const drawn of instances.values()) text += chartLine(chart, drawn, 'obsolete');
    }
    return text;
  }

  /** Makes charts obsolete that have been silent for too long, or whose module is gone. */
  #retire(at: number, readings: readonly Reading[]): string {
    let text = '';
    for (const { chart, instances } of this.#entries) {
      for (const [instance, drawn] of instances) {
        const silence = at - (drawn.updatedAt ?? at);
        if (silence === 0) continue;
        const hasModule = readings.some(({ module }) => module === drawn.module);
        if (hasModule && silence < patienceOf(drawn.every)) continue;
        instances.delete(instance);
        text += chartLine(chart, drawn, 'obsolete');
      }
    }
    return text;
  }
}

/** Identifies a chart, whatever else changes in its definition. */
function keyOf({ id, scope }: Chart): string {
  return `${scope} ${id}`;
}

function createDrawn(chart: Chart, { instance, labels }: Sample, { every, module }: Source): Drawn {
  return {
    id: `${TYPE}.${chart.id}${instance === '' ? '' : `_${instance}`}`,
    labels,
    isDefined: false,
    module,
    every,
    declared: chart.dimensions.map(() => false),
    variables: [],
    updatedAt: undefined,
  };
}

function chartLine(chart: Chart, { id, every }: Drawn, state: string): string {
  return protocol.chart({
    id,
    title: chart.title,
    units: chart.units,
    family: chart.family,
    context: chart.context,
    type: chart.type,
    priority: FIRST_PRIORITY + contextsInOrder.indexOf(chart.context),
    updateEvery: every,
    options: [chart.detail === true ? 'detail' : '', state].filter((word) => word !== '').join(' '),
    plugin: PLUGIN,
    module: chart.module,
  });
}

/** The variables of a chart whose value has changed since they were sent. */
function variableLines(chart: Chart, { variables }: Drawn, feed: Feed): string {
  if (chart.variables === undefined) return '';
  let text = '';
  for (const [place, { name, metric }] of chart.variables.entries()) {
    const value = sourceOf(feed, metric)?.sample.values[metric];
    if (value === undefined || value === variables[place]) continue;
    variables[place] = value;
    text += protocol.chartVariable(name, value);
  }
  return text;
}

function dimensionLine({ id, multiplier = 1, divisor = 1 }: Dimension): string {
  return protocol.dimension(id, id, multiplier, divisor);
}

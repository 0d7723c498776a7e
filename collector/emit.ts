/**
 * The life of charts: a chart is defined when it first has something to draw, updated with whatever is known, and made
 * obsolete when there has been nothing to draw for a minute, or for four of its intervals if that is longer.
 */

import { contextsInOrder, FIRST_PRIORITY } from '../charts/priorities.ts';
import type { Chart, Dimension } from '../charts/types.ts';
import type { Face, Reading } from './face.ts';
import { type Feed, feedsOf, patienceOf, sourceOf } from './feeds.ts';
import type { Sample } from './modules/module.ts';
import * as protocol from './protocol/writer.ts';

/** The plugin's name as the agent knows it. */
const PLUGIN = 'conntrack.plugin';
/** Every chart's `type`, which is its section of the dashboard. */
const TYPE = 'conntrack';

/** One chart as the agent knows it. */
interface Drawn {
  readonly chart: Chart;
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds between two updates, as the agent knows it. */
  every: number;
  /** The dimensions that the agent knows, by their place in the chart. */
  readonly declared: boolean[];
  /** The last value of each variable, by its place in the chart. */
  readonly variables: (number | undefined)[];
  /** Monotonic time of the last update, in microseconds; `undefined` before the first. */
  updatedAt: number | undefined;
  obsolete: boolean;
}

export interface EmitterOptions {
  readonly charts: readonly Chart[];
  /** Label `source` of every chart; none if empty. */
  readonly source: string;
}

export class Emitter implements Face {
  readonly #charts: readonly Chart[];
  readonly #source: string;
  /** By chart and instance. */
  readonly #drawn = new Map<Chart, Map<string, Drawn>>();

  constructor(options: EmitterOptions) {
    this.#charts = options.charts;
    this.#source = options.source;
  }

  /**
   * The protocol text of one tick. It counts as sent: every chart in it is taken for defined and updated.
   *
   * @param at monotonic time in microseconds.
   */
  render(at: number, readings: readonly Reading[]): string {
    const feeds = feedsOf(readings);
    let text = '';
    for (const chart of this.#charts) {
      for (const feed of feeds) {
        if (feed[0]?.sample.scope === chart.scope) text += this.#update(chart, feed, at);
      }
    }
    return text + this.#retire(at);
  }

  #update(chart: Chart, feed: Feed, at: number): string {
    const { dimensions } = chart;
    const sample = feed[0]?.sample;
    if (sample === undefined) return '';
    let drawn = this.#drawn.get(chart)?.get(sample.instance);
    let isDefined = drawn !== undefined && !drawn.obsolete;
    let every: number | undefined;
    let sets = '';
    for (let place = 0; place < dimensions.length; place++) {
      const dimension = dimensions[place];
      if (dimension === undefined) continue;
      const source = sourceOf(feed, dimension.metric);
      const value = source?.sample.values[dimension.metric];
      if (value === undefined) continue;
      every ??= source?.every;
      if (drawn?.declared[place] !== true) isDefined = false;
      sets += protocol.set(dimension.id, Math.round(value * (dimension.divisor ?? 1)));
    }
    if (every === undefined) return '';

    drawn ??= this.#add(chart, sample, every);
    if (drawn.every !== every) isDefined = false;
    drawn.every = every;
    const definition = isDefined ? '' : this.#define(drawn, feed);
    const elapsed = drawn.updatedAt === undefined ? undefined : Math.round(at - drawn.updatedAt);
    drawn.updatedAt = at;
    return definition + protocol.begin(drawn.id, elapsed) + sets + variableLines(drawn, feed) + protocol.end();
  }

  #add(chart: Chart, { instance, labels }: Sample, every: number): Drawn {
    const drawn: Drawn = {
      chart,
      id: `${TYPE}.${chart.id}${instance === '' ? '' : `_${instance}`}`,
      labels,
      every,
      declared: chart.dimensions.map(() => false),
      variables: [],
      updatedAt: undefined,
      obsolete: false,
    };
    const instances = this.#drawn.get(chart) ?? new Map<string, Drawn>();
    this.#drawn.set(chart, instances.set(instance, drawn));
    return drawn;
  }

  /** Defines a chart that is new, was obsolete, has a dimension that is new to the agent, or another interval. */
  #define(drawn: Drawn, feed: Feed): string {
    const { chart, declared } = drawn;
    drawn.obsolete = false;
    let dimensions = '';
    for (const [place, dimension] of chart.dimensions.entries()) {
      if (sourceOf(feed, dimension.metric) !== undefined) declared[place] = true;
      if (declared[place] === true) dimensions += dimensionLine(dimension);
    }
    return this.#chartLine(drawn, '') + this.#labelLines(drawn) + dimensions;
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

  #retire(at: number): string {
    let text = '';
    for (const instances of this.#drawn.values()) {
      for (const drawn of instances.values()) {
        if (drawn.obsolete || drawn.updatedAt === undefined) continue;
        if (at - drawn.updatedAt < patienceOf(drawn.every)) continue;
        drawn.obsolete = true;
        drawn.variables.length = 0;
        text += this.#chartLine(drawn, 'obsolete');
      }
    }
    return text;
  }

  #chartLine({ chart, id, every }: Drawn, state: string): string {
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
}

/** The variables of a chart whose value has changed since they were sent. */
function variableLines({ chart, variables }: Drawn, feed: Feed): string {
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

/** Parses a plugins.d stream like an agent, and rejects what would make the agent stop the plugin. */

import { split } from '../../collector/agent/protocol/quoting.ts';

/** One `BEGIN` … `END`. */
export interface Update {
  readonly chart: string;
  readonly microseconds: number | undefined;
  /** The integers as sent, by dimension. */
  readonly values: Readonly<Record<string, number>>;
}

/** The latest definition of a chart. */
export interface Definition {
  readonly title: string;
  readonly units: string;
  readonly context: string;
  /** Seconds between two updates. */
  readonly every: number;
  readonly options: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Multiplier and divisor by dimension. */
  readonly dimensions: Readonly<Record<string, readonly [number, number]>>;
}

export interface Stream {
  readonly definitions: Readonly<Record<string, Definition>>;
  readonly updates: readonly Update[];
}

type Mutable<T> = {
  -readonly [K in keyof T]: T[K] extends Readonly<Record<string, infer V>> ? Record<string, V> : T[K];
};

/**
 * Parses a whole stream.
 *
 * @throws on a keyword out of place, an undefined chart or dimension, or an end within an update.
 */
export function parseStream(text: string): Stream {
  const definitions: Record<string, Mutable<Definition>> = {};
  const updates: Update[] = [];
  let defining: Mutable<Definition> | undefined;
  let open: Mutable<Update> | undefined;

  const handlers: Record<string, (words: readonly string[]) => void> = {
    CHART: ([, id = '', , title = '', units = '', , context = '', , , every = '', options = '']) => {
      defining = { title, units, context, every: Number(every), options, labels: {}, dimensions: {} };
      definitions[id] = defining;
    },
    CLABEL: ([, name = '', value = '']) => {
      if (defining === undefined) throw new Error('CLABEL outside of a chart');
      defining.labels[name] = value;
    },
    CLABEL_COMMIT: () => {
      if (Object.keys(defining?.labels ?? {}).length === 0) throw new Error('CLABEL_COMMIT without a label');
    },
    DIMENSION: ([, id = '', , , multiplier, divisor]) => {
      if (defining === undefined) throw new Error('DIMENSION outside of a chart');
      defining.dimensions[id] = [Number(multiplier), Number(divisor)];
    },
    BEGIN: ([, chart = '', microseconds]) => {
      if (open !== undefined) throw new Error(`BEGIN ${chart} inside ${open.chart}`);
      if (definitions[chart] === undefined) throw new Error(`BEGIN of ${chart}, which was never defined`);
      open = { chart, microseconds: microseconds === undefined ? undefined : Number(microseconds), values: {} };
    },
    SET: ([, dimension = '', value]) => {
      if (open === undefined) throw new Error('SET outside of an update');
      if (definitions[open.chart]?.dimensions[dimension] === undefined) throw new Error(`SET of unknown ${dimension}`);
      open.values[dimension] = Number(value);
    },
    VARIABLE: () => {
      if (open === undefined) throw new Error('VARIABLE outside of an update');
    },
    FUNCTION: ([, scope]) => {
      if (open !== undefined || scope !== 'GLOBAL') throw new Error('FUNCTION out of place');
    },
    END: () => {
      if (open === undefined) throw new Error('END without BEGIN');
      updates.push(open);
      open = undefined;
    },
  };

  if (text !== '' && !text.endsWith('\n')) throw new Error('the stream ends within a line');
  for (const line of text.split('\n')) {
    const words = split(line);
    if (words.length === 0) continue;
    const handler = handlers[words[0] ?? ''];
    if (handler === undefined) throw new Error(`unknown keyword in ${JSON.stringify(line)}`);
    handler(words);
  }
  if (open !== undefined) throw new Error('the stream ends within an update');
  return { definitions, updates };
}

/** The last update of a chart by dimension, with multipliers and divisors applied. */
export function lastValues(stream: Stream, chart: string): Record<string, number> | undefined {
  const update = stream.updates.findLast((candidate) => candidate.chart === chart);
  const definition = stream.definitions[chart];
  if (update === undefined || definition === undefined) return undefined;
  const scaled = Object.entries(update.values).map(([dimension, value]) => {
    const [multiplier, divisor] = definition.dimensions[dimension] ?? [1, 1];
    return [dimension, (value * multiplier) / divisor];
  });
  return Object.fromEntries(scaled);
}

/** All updates of one tick. */
export interface Tick {
  /** Since the previous tick; `undefined` in the first. */
  readonly microseconds: number | undefined;
  /** The integers as sent, by chart and dimension. */
  readonly charts: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** The ticks of a stream; the first chart has an update in each of them. */
export function ticksOf({ updates }: Stream): readonly Tick[] {
  const ticks: { microseconds: number | undefined; charts: Record<string, Readonly<Record<string, number>>> }[] = [];
  for (const { chart, microseconds, values } of updates) {
    if (chart === updates[0]?.chart) ticks.push({ microseconds, charts: {} });
    const charts = ticks.at(-1)?.charts;
    if (charts !== undefined) charts[chart] = values;
  }
  return ticks;
}

/** Number of events that the rates of a dimension add up to: each rate times its interval. */
export function eventsOf(ticks: readonly Tick[], chart: string, dimension: string): number {
  const products = ticks.map(({ charts, microseconds }) => (charts[chart]?.[dimension] ?? 0) * (microseconds ?? 0));
  return Math.round(products.reduce((sum, product) => sum + product, 0) / 1e9);
}

/** {@link eventsOf} for every dimension of a chart that occurs in the ticks. */
export function eventsByDimension(ticks: readonly Tick[], chart: string): Record<string, number> {
  const dimensions = new Set(ticks.flatMap(({ charts }) => Object.keys(charts[chart] ?? {})));
  return Object.fromEntries([...dimensions].map((dimension) => [dimension, eventsOf(ticks, chart, dimension)]));
}

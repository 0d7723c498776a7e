/**
 * One function for every plugins.d keyword that a plugin sends; each returns the whole line, newline included.
 *
 * Source: https://learn.netdata.cloud/docs/developer-and-contributor-corner/external-plugins
 */

import { quote } from './quoting.ts';

/** What a `CHART` line says. */
export interface ChartLine {
  /** `type.id`, unique on the host. */
  readonly id: string;
  readonly title: string;
  readonly units: string;
  readonly family: string;
  readonly context: string;
  readonly type: 'line' | 'area' | 'stacked';
  readonly priority: number;
  /** Seconds between two updates. */
  readonly updateEvery: number;
  /** Words such as `detail` and `obsolete`, separated by blanks. */
  readonly options: string;
  readonly plugin: string;
  readonly module: string;
}

/** Where a label's value comes from, as the agent numbers it. */
export const LABEL_FROM_PLUGIN = 1;
export const LABEL_FROM_CONFIGURATION = 2;

/** `CHART`: defines a chart, or changes or retires one that is defined. */
export function chart(line: ChartLine): string {
  const words = [
    line.id,
    quote(''),
    quote(line.title),
    quote(line.units),
    quote(line.family),
    quote(line.context),
    line.type,
    line.priority,
    line.updateEvery,
    quote(line.options),
    quote(line.plugin),
    quote(line.module),
  ];
  return `CHART ${words.join(' ')}\n`;
}

/** `CLABEL`: a label of the chart defined last. */
export function chartLabel(name: string, value: string, source: number): string {
  return `CLABEL ${quote(name)} ${quote(value)} ${source}\n`;
}

/** `CLABEL_COMMIT`: closes the labels of the chart defined last. */
export function chartLabelCommit(): string {
  return 'CLABEL_COMMIT\n';
}

/** `DIMENSION`: a dimension, of algorithm `absolute`, of the chart defined last. */
export function dimension(id: string, name: string, multiplier: number, divisor: number): string {
  return `DIMENSION ${quote(id)} ${quote(name)} absolute ${multiplier} ${divisor}\n`;
}

/** `BEGIN`: opens an update; `microseconds` since the previous one of this chart, none for the first. */
export function begin(chartId: string, microseconds: number | undefined): string {
  return microseconds === undefined ? `BEGIN ${chartId}\n` : `BEGIN ${chartId} ${microseconds}\n`;
}

/** `SET`: the value of one dimension, a signed 64-bit integer. */
export function set(dimensionId: string, value: number): string {
  return `SET ${dimensionId} = ${value}\n`;
}

/** `VARIABLE CHART`: a number that alerts on the open chart can use. */
export function chartVariable(name: string, value: number): string {
  return `VARIABLE CHART ${name} = ${value}\n`;
}

/** `END`: closes an update. */
export function end(): string {
  return 'END\n';
}

/** `DISABLE`: the agent shall not start this plugin again. */
export function disable(): string {
  return 'DISABLE\n';
}

/**
 * The whole answer to a `FUNCTION` call.
 *
 * @param code an HTTP status.
 * @param expires when the answer grows stale, in seconds since the epoch.
 * @param body must not hold a line `FUNCTION_RESULT_END`.
 */
export function functionResult(
  transaction: string,
  code: number,
  contentType: string,
  expires: number,
  body: string,
): string {
  return `FUNCTION_RESULT_BEGIN ${quote(transaction)} ${code} ${contentType} ${expires}\n${body}\nFUNCTION_RESULT_END\n`;
}

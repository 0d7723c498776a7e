/**
 * One function for each plugins.d keyword of a plugin. Each returns a complete line, or its start if a number follows.
 *
 * Source: https://learn.netdata.cloud/docs/developer-and-contributor-corner/external-plugins
 */

import { quote } from './quoting.ts';

/** The words of a `CHART` line. */
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

/** The agent's numbers for the source of a label. */
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

/** `BEGIN`: opens the first update of a chart. */
export function begin(chartId: string): string {
  return `BEGIN ${chartId}\n`;
}

/**
 * `BEGIN`: the start of a line that opens a later update. The rest of the chart's id, a blank and whole microseconds since
 * the previous update follow.
 */
export function beginAfter(idStart: string): string {
  return `BEGIN ${idStart}`;
}

/** `SET`: the start of a line that sets a dimension; its value follows, a signed 64-bit integer. */
export function set(dimensionId: string): string {
  return `SET ${dimensionId} = `;
}

/** `VARIABLE CHART`: a number that alerts on the open chart can use. */
export function chartVariable(name: string, value: number): string {
  return `VARIABLE CHART ${name} = ${value}\n`;
}

/** `END`: closes an update. */
export function end(): string {
  return 'END\n';
}

/** `DISABLE`: the agent does not start this plugin again. */
export function disable(): string {
  return 'DISABLE\n';
}

/** The words of a `FUNCTION` line. Agents before 1.45 read those up to `help` and ignore the rest. */
export interface FunctionLine {
  readonly name: string;
  /** Seconds after which the agent gives up a call. */
  readonly timeout: number;
  readonly help: string;
  /** Words by which dashboards sort functions. */
  readonly tags: string;
  /** The permissions that a caller needs, as the agent's bit mask. */
  readonly access: number;
  readonly priority: number;
  readonly version: number;
}

/** `FUNCTION`: registers a function of the host, or changes one that is registered. */
export function functionLine({ name, timeout, help, tags, access, priority, version }: FunctionLine): string {
  const words = [quote(name), timeout, quote(help), quote(tags), `0x${access.toString(16)}`, priority, version];
  return `FUNCTION GLOBAL ${words.join(' ')}\n`;
}

/** `FUNCTION_DEL`: removes a function of the host. Agents that do not know the keyword end the plugin. */
export function functionDel(name: string): string {
  return `FUNCTION_DEL GLOBAL ${quote(name)}\n`;
}

/**
 * The complete answer to a `FUNCTION` call.
 *
 * @param code an HTTP status.
 * @param expires when the answer becomes stale, in seconds since the epoch.
 * @param body must not contain a line `FUNCTION_RESULT_END`.
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

/** What docs/charts.md says about the charts, from `charts/`. */

import { contextDescriptions, variableDescriptions } from '../../charts/descriptions.ts';
import { charts } from '../../charts/index.ts';
import { contextsInOrder } from '../../charts/priorities.ts';
import type { Chart } from '../../charts/types.ts';
import type { Scope } from '../../collector/modules/module.ts';
import type { Alert } from './health.ts';
import { codes, table } from './markdown.ts';

/** What follows a chart's name in the ids of its instances, in capitals where it differs from host to host. */
export const INSTANCES: Readonly<Record<Scope, readonly string[]>> = {
  host: [''],
  cpu: ['_cpuN'],
  tcp: ['_tcp', '_tcp6'],
  udp: ['_udp', '_udp6'],
  daemon: ['_DAEMON'],
  cache: ['_DAEMON_CACHE'],
  link: ['_DAEMON_DEVICE'],
  queue: ['_DAEMON_QUEUE'],
};

/** The charts in the order of the dashboard. */
export const chartsInOrder: readonly Chart[] = contextsInOrder.flatMap((context) =>
  charts.filter((chart) => chart.context === context),
);

/** The contexts that a chart can have, that of the built-in collector first. */
export function contextsOf({ context, contextBesideBuiltin }: Chart): string[] {
  return contextBesideBuiltin === undefined ? [context] : [context, contextBesideBuiltin];
}

/** The chart that an alert is on, which names a context, or the chart by its id. */
export function chartOf({ alarm, on = '' }: Alert): Chart | undefined {
  return charts.find((chart) => (alarm === undefined ? contextsOf(chart) : idsOf(chart)).includes(on));
}

/** The ids of a chart as the agent sees them, one for each kind of instance. */
export function idsOf({ id, scope }: Chart): string[] {
  return INSTANCES[scope].map((instance) => `conntrack.${id}${instance}`);
}

/**
 * One table for each sub-menu of the dashboard.
 *
 * @throws {Error} when a context has no description.
 */
export function chartTables(): string {
  const families = [...new Set(chartsInOrder.map(({ family }) => family))];
  return families
    .map((family) => {
      const own = chartsInOrder.filter((chart) => chart.family === family);
      return `### ${heading(family)}\n\n${chartTable(own)}`;
    })
    .join('\n');
}

function chartTable(own: readonly Chart[]): string {
  return table(
    ['Chart', 'Context', 'Dimensions', 'Unit', 'Module', 'Meaning'],
    own.map((chart) => [
      codes(idsOf(chart)),
      codes(contextsOf(chart)),
      codes(chart.dimensions.map(({ id }) => id)),
      chart.units,
      codes([chart.module]),
      descriptionOf(contextDescriptions, chart.context),
    ]),
  );
}

/** The dimensions that are drawn below the axis. */
export function dimensionsBelowAxis(): string {
  const below = chartsInOrder.flatMap(({ dimensions }) => dimensions.filter(({ multiplier }) => multiplier === -1));
  return `Drawn below the axis: ${codes([...new Set(below.map(({ id }) => id))])}.\n`;
}

/**
 * The variables that alerts can use.
 *
 * @throws {Error} when a variable has no description.
 */
export function variableTable(): string {
  return table(
    ['Chart', 'Variable', 'Meaning'],
    chartsInOrder.flatMap((chart) =>
      (chart.variables ?? []).map(({ name }) => [
        codes(idsOf(chart)),
        codes([name]),
        descriptionOf(variableDescriptions, name),
      ]),
    ),
  );
}

function descriptionOf(descriptions: Readonly<Record<string, string>>, name: string): string {
  const text = descriptions[name];
  if (text === undefined) throw new Error(`charts/descriptions.ts: no description of ${name}`);
  return text;
}

/** A family as a heading; the name of the daemon has no capital. */
function heading(family: string): string {
  if (family === 'cpus') return 'CPUs';
  return family.startsWith('conntrackd') ? family : `${family.slice(0, 1).toUpperCase()}${family.slice(1)}`;
}

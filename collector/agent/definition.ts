/** The text of chart definitions. */

import { contextsInOrder, FIRST_PRIORITY } from '../../charts/priorities.ts';
import type { Chart, Dimension } from '../../charts/types.ts';
import * as protocol from './protocol/writer.ts';

/** The plugin's name as the agent knows it. */
const PLUGIN = 'conntrack.plugin';
/** `type` of every chart: its section of the dashboard. */
const TYPE = 'conntrack';

/** The id of a chart, for one instance of its scope; the instance is empty for the host itself. */
export function idOf(chart: Chart, instance: string): string {
  return `${TYPE}.${chart.id}${suffixOf(instance)}`;
}

/** What the instance adds to the id. */
export function suffixOf(instance: string): string {
  return instance === '' ? '' : `_${instance}`;
}

/**
 * Defines a chart, or makes it obsolete.
 *
 * @param updateEvery seconds between two updates.
 */
export function chartLine(chart: Chart, instance: string, updateEvery: number, option: '' | 'obsolete'): string {
  return protocol.chart({
    id: idOf(chart, instance),
    title: chart.title,
    units: chart.units,
    family: chart.family,
    context: chart.context,
    type: chart.type,
    priority: FIRST_PRIORITY + contextsInOrder.indexOf(chart.context),
    updateEvery,
    options: [chart.detail === true ? 'detail' : '', option].filter((word) => word !== '').join(' '),
    plugin: PLUGIN,
    module: chart.module,
  });
}

export function dimensionLine({ id, multiplier = 1, divisor = 1 }: Dimension): string {
  return protocol.dimension(id, id, multiplier, divisor);
}

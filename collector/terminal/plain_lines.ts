/** Lines per update, for a file or a pipe. */

import { logfmt } from '../base/log.ts';
import type { Board, Shown } from './board.ts';
import { PLAIN } from './layout.ts';

/**
 * The values of the last update by the ids of chart and dimension, such as `new.invalid=0.5`: a line for the namespace
 * that is shown, and one for each other network namespace, with its name after the time: `netns=blue`. Without values
 * there is no line.
 *
 * @param time milliseconds since the epoch.
 * @param netns name of the namespace that is shown, if it is not the host's own.
 */
export function plainLines(board: Board, time: number, netns?: string): string {
  const own = PLAIN.flatMap((context) => board.instances(context));
  const others = [...board.namespaces].map(([name, all]) => {
    const shown = PLAIN.flatMap((context) => all.filter(({ chart }) => chart.context === context));
    return lineOf(name, shown, time);
  });
  return [lineOf(netns, own, time), ...others].join('');
}

function lineOf(netns: string | undefined, shown: readonly Shown[], time: number): string {
  const fields: Record<string, number> = {};
  for (const { age, chart, instance, values, variables } of shown) {
    if (age !== 'new') continue;
    const id = chart.scope === 'host' ? chart.id : `${chart.id}_${instance}`;
    for (const { divisor = 1, id: dimension } of chart.dimensions) {
      const value = values.get(dimension);
      // With the precision that the agent gets.
      if (value !== undefined) fields[`${id}.${dimension}`] = Math.round(value * divisor) / divisor;
    }
    for (const [name, value] of variables) fields[`${id}.${name}`] = value;
  }
  if (Object.keys(fields).length === 0) return '';
  return `${new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')} ${logfmt({ netns, ...fields })}\n`;
}

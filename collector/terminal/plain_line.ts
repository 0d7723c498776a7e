/** A line per update, for a file or a pipe. */

import { logfmt } from '../base/log.ts';
import type { Board } from './board.ts';
import { PLAIN } from './layout.ts';

/**
 * The values of the last update by the ids of chart and dimension, such as `new.invalid=0.5`; empty if there are none.
 *
 * @param time milliseconds since the epoch.
 */
export function plainLine(board: Board, time: number): string {
  const fields: Record<string, number> = {};
  for (const { age, chart, instance, values, variables } of PLAIN.flatMap((context) => board.instances(context))) {
    if (age !== 'new') continue;
    const id = instance === '' ? chart.id : `${chart.id}_${instance}`;
    for (const { divisor = 1, id: dimension } of chart.dimensions) {
      const value = values.get(dimension);
      // With the precision that the agent gets.
      if (value !== undefined) fields[`${id}.${dimension}`] = Math.round(value * divisor) / divisor;
    }
    for (const [name, value] of variables) fields[`${id}.${name}`] = value;
  }
  if (Object.keys(fields).length === 0) return '';
  return `${new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')} ${logfmt(fields)}\n`;
}

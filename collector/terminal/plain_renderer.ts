/** The renderer for a file or a pipe: one line an update, each number under the ids of its chart and dimension. */

import type { Chart } from '../../charts/types.ts';
import { type Fields, logfmt } from '../base/log.ts';
import type { Reading, Renderer } from '../jobs/renderer.ts';
import { Board, type Shown } from './board.ts';
import { PLAIN } from './layout.ts';

export interface PlainRendererOptions {
  readonly charts: readonly Chart[];
  /** Seconds between two updates. */
  readonly every: number;
  /** Wall clock in milliseconds since the epoch. */
  readonly now: () => number;
}

export class PlainRenderer implements Renderer {
  readonly #board: Board;
  readonly #now: () => number;

  constructor({ charts, every, now }: PlainRendererOptions) {
    this.#board = new Board(charts, every);
    this.#now = now;
  }

  render(at: number, readings: readonly Reading[]): string {
    this.#board.update(at, readings);
    const shown = PLAIN.flatMap((context) => this.#board.instances(context));
    const fields = Object.assign({}, ...shown.map(fieldsOf));
    if (Object.keys(fields).length === 0) return '';
    return `${new Date(this.#now()).toISOString().replace(/\.\d+Z$/, 'Z')} ${logfmt(fields)}\n`;
  }
}

/** `new.invalid=0.5`, and the variables of a chart behind its dimensions; none that is due again. */
function fieldsOf({ age, chart, instance, values, variables }: Shown): Fields {
  if (age !== 'new') return {};
  const id = instance === '' ? chart.id : `${chart.id}_${instance}`;
  const fields: Record<string, number> = {};
  for (const { divisor = 1, id: dimension } of chart.dimensions) {
    const value = values.get(dimension);
    // As exact as an agent gets it.
    if (value !== undefined) fields[`${id}.${dimension}`] = Math.round(value * divisor) / divisor;
  }
  for (const [name, value] of variables) fields[`${id}.${name}`] = value;
  return fields;
}

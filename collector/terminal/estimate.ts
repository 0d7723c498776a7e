/** That the composition of the table is an estimate, and how good it is. */

import { inPercent } from '../base/numbers.ts';
import { wrap } from '../base/text.ts';
import type { Board } from './board.ts';
import { READ } from './layout.ts';
import { type Line, span } from './text.ts';

/** Nothing if the whole table was read. */
export function estimateLines(board: Board, columns: number): readonly Line[] {
  const [dump] = board.instances(READ.context);
  const read = dump?.values.get(READ.dimension);
  if (read === undefined || read >= 100) return [];
  const error = dump?.variables.get(READ.error);
  const accuracy = error === undefined ? '' : `; standard error at most ${error.toFixed(2)} points`;
  const text = `Composition estimated from ${inPercent(read)} of entries${accuracy}`;
  return wrap(text, columns).map((line) => [span(line, 'dim')]);
}

/** Which command finds the cause of what the screen shows. */

import type { Board, Shown } from './board.ts';
import { ENTRIES, WARNING_ABOVE } from './layout.ts';

const ERRORS = 'netfilter.conntrack_errors';

/** The command for the worst trouble of the table; `undefined` without trouble. */
export function pointer(board: Board): 'top' | 'nat-ports' | undefined {
  const errors = current(board, ERRORS)?.values;
  const table = current(board, ENTRIES.context);
  const entries = table?.values.get(ENTRIES.dimension) ?? 0;
  const isFull = entries > (WARNING_ABOVE / 100) * (table?.variables.get(ENTRIES.limit) ?? Number.POSITIVE_INFINITY);
  if (isFull || isAbove0(errors?.get('drop')) || isAbove0(errors?.get('early_drop'))) return 'top';
  // The usual reason is that source NAT finds no free port.
  return isAbove0(errors?.get('insert_failed')) ? 'nat-ports' : undefined;
}

/** What is known now. */
function current(board: Board, context: string): Shown | undefined {
  return board.instances(context).find(({ age }) => age !== 'old');
}

function isAbove0(value = 0): boolean {
  return value > 0;
}

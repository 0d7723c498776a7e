/** Which command finds the cause of what the screen shows. */

import { escaped } from '../base/text.ts';
import type { Board, Shown } from './board.ts';
import { ENTRIES, SNAT_PORTS, SNAT_PORTS_ABOVE, STUCK, STUCK_ABOVE, WARNING_ABOVE } from './layout.ts';
import { nearlyFull } from './namespaces.ts';

const ERRORS = 'netfilter.conntrack_errors';

/** The command for the worst trouble of the table, or else of another namespace's; `undefined` without trouble. */
export function pointer(board: Board): string | undefined {
  const netns = nearlyFull(board);
  return commandFor(board) ?? (netns === undefined ? undefined : `top --netns ${escaped(netns)}`);
}

function commandFor(board: Board): 'top' | 'nat-ports' | 'stuck' | undefined {
  const errors = current(board, ERRORS)?.values;
  const table = current(board, ENTRIES.context);
  const entries = table?.values.get(ENTRIES.dimension) ?? 0;
  const isFull = entries > (WARNING_ABOVE / 100) * (table?.variables.get(ENTRIES.limit) ?? Number.POSITIVE_INFINITY);
  const error = (dimension: string): number => errors?.get(dimension) ?? 0;
  // Many a failed insertion is counted as a drop too, which says nothing of the table.
  if (isFull || error('drop') > error('insert_failed') || error('early_drop') > 0) return 'top';
  // Two packets of one connection raced, or source NAT finds no free port, which the command shows.
  if (error('insert_failed') > 0 || known(board, SNAT_PORTS) > SNAT_PORTS_ABOVE) return 'nat-ports';
  return known(board, STUCK) > STUCK_ABOVE ? 'stuck' : undefined;
}

/** What is known now. */
function current(board: Board, context: string): Shown | undefined {
  return board.instances(context).find(({ age }) => age !== 'old');
}

/** 0 if unknown. */
function known(board: Board, { context, dimension }: typeof SNAT_PORTS | typeof STUCK): number {
  return current(board, context)?.values.get(dimension) ?? 0;
}

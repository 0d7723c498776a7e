/** Which sections and how much of each have room in a column. */

import type { Block } from './blocks.ts';
import type { Row } from './rows.ts';

/** The title, and the empty line between two sections. */
const AROUND = 2;

/** A section as far as there is room for it. */
export interface Allotted {
  readonly block: Block;
  readonly rows: readonly Row[];
}

/**
 * Gives every section the least it needs, the first in rank first, and then one line after the other to each, in the
 * same order, until none is left. Those that get nothing are left out.
 */
export function allot(blocks: readonly Block[], height: number): readonly Allotted[] {
  const ranked = [...blocks].sort((one, other) => one.section.rank - other.section.rank);
  const counts = new Map<Block, number>();
  // Below the last section no empty line is needed.
  let left = height + 1;
  for (const block of ranked) {
    const least = Math.min(block.section.least, block.rows.length);
    if (least + AROUND > left) continue;
    counts.set(block, least);
    left -= least + AROUND;
  }
  let growing = ranked.filter((block) => counts.has(block));
  while (left > 0 && growing.length > 0) {
    growing = growing.filter((block) => (counts.get(block) ?? 0) < block.rows.length);
    for (const block of growing.slice(0, left)) {
      counts.set(block, (counts.get(block) ?? 0) + 1);
      left--;
    }
  }
  return blocks.flatMap((block) => {
    const count = counts.get(block);
    return count === undefined ? [] : [{ block, rows: firstOf(block.rows, count) }];
  });
}

/** So many rows in their order: the urgent ones, and the first of the others. */
function firstOf(rows: readonly Row[], count: number): readonly Row[] {
  const urgent = rows.filter(({ isUrgent }) => isUrgent);
  const others = rows.filter(({ isUrgent }) => !isUrgent);
  const kept = new Set([...urgent, ...others].slice(0, count));
  return rows.filter((row) => kept.has(row));
}

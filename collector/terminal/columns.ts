/** Sections in one or two columns: which fit, and how much of each. */

import type { Block, Row } from './sections.ts';
import { cut, type Line, pad, shortened, span } from './text.ts';

/** Width from which there are two columns of sections, and the space between them. */
const WIDE = 78;
const GAP = 2;
/** The lines of a section besides its rows: its title and the empty line after it. */
const AROUND = 2;
/** The share of its column that the labels of a section can take. */
const MOST_LABEL = 0.5;

/** In columns and rows. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** The sections in lines of at most `columns`, at most `rows` of them. */
export function body(blocks: readonly Block[], { columns, rows }: Size): readonly Line[] {
  const left = blocks.filter(({ column }) => column === 'left');
  const right = blocks.filter(({ column }) => column === 'right');
  if (columns < WIDE || left.length === 0 || right.length === 0) return columnOf(blocks, columns, rows);
  const width = Math.floor((columns - GAP) / 2);
  const leftLines = columnOf(left, width, rows);
  const rightLines = columnOf(right, width, rows);
  return Array.from({ length: Math.max(leftLines.length, rightLines.length) }, (_, row) => {
    const [leftLine = [], rightLine] = [leftLines[row], rightLines[row]];
    return rightLine === undefined ? leftLine : [...pad(leftLine, width + GAP), ...rightLine];
  });
}

function columnOf(blocks: readonly Block[], width: number, height: number): readonly Line[] {
  return fitBlocks(blocks, height).flatMap(({ block, rows }, at) => {
    // The longest of all rows, so that columns stay in place when a row no longer fits.
    const longest = Math.max(...block.rows.map(({ label }) => label.length));
    const labels = Math.min(longest, Math.floor(width * MOST_LABEL));
    const rule = '─'.repeat(Math.max(0, width - block.title.length - 1));
    const lines = [
      [span(`${block.title} `, 'strong'), span(rule, 'dim')],
      ...rows.map(({ draw, label }) => [
        ...pad([span(shortened(label, labels))], labels),
        span('  '),
        ...draw(width - labels - 2),
      ]),
    ];
    return [...(at === 0 ? [] : [[]]), ...lines.map((line) => cut(line, width))];
  });
}

/**
 * The blocks that fit in a column, and their rows. Each in turn gets its minimum of rows, or is left out; the
 * remaining space is distributed row by row.
 */
export function fitBlocks(
  blocks: readonly Block[],
  height: number,
): readonly { readonly block: Block; readonly rows: readonly Row[] }[] {
  // No empty line follows the last section.
  let left = height + 1;
  const fitting = blocks.flatMap((block) => {
    const count = Math.min(block.least, block.rows.length);
    if (count + AROUND > left) return [];
    left -= count + AROUND;
    return [{ block, count }];
  });
  let growing = fitting;
  while (left > 0 && growing.length > 0) {
    growing = growing.filter(({ block, count }) => count < block.rows.length);
    for (const one of growing.slice(0, left)) {
      one.count++;
      left--;
    }
  }
  return fitting.map(({ block, count }) => {
    // Trouble first, but in the order of the section.
    const ranked = [...block.rows].sort((one, other) => Number(other.mark === '!') - Number(one.mark === '!'));
    const kept = new Set(ranked.slice(0, count));
    return { block, rows: block.rows.filter((row) => kept.has(row)) };
  });
}

/** An overview of the table as lines: how full it is, and who holds most of it. */

import { inPercent, inWhole } from '../base/numbers.ts';
import { escaped, wrap } from '../base/text.ts';
import type { Overview } from '../functions/overview.ts';
import { body, type Size } from './columns.ts';
import { bar } from './drawing.ts';
import type { Block } from './sections.ts';
import { entriesOf, styleOf } from './table.ts';
import { cut, type Line, span } from './text.ts';

/** Columns of a number of connections (up to ten million), of its share, and that a bar needs. */
const COUNT = 9;
const SHARE = 8;
const NARROWEST = 4;
/** Rows without which a ranking is left out. */
const LEAST = 1;

/** At most as many lines as the terminal has, none wider than it. */
export function overviewLines({ entries, max, notes, rankings }: Overview, { columns, rows }: Size): readonly Line[] {
  const used = max === undefined ? undefined : (entries / max) * 100;
  const facts = used === undefined ? [] : [span(`  ${inPercent(used)}`, styleOf(used))];
  const head: Line[] = [[span(entriesOf(entries, max, columns - SHARE), 'strong'), ...facts], []];
  const foot = notes.flatMap((note) => wrap(note, columns)).map((line): Line => [span(line, 'dim')]);
  const air: Line[] = foot.length === 0 ? [] : [[]];
  const room = Math.max(0, rows - head.length - air.length - foot.length);
  const blocks = rankings.map(blockOf).filter(({ rows }) => rows.length > 0);
  const sections = body(blocks, { columns, rows: room });
  return [...head, ...sections, ...air, ...foot].slice(0, rows).map((line) => cut(line, columns));
}

function blockOf({ rows, title }: Overview['rankings'][number], place: number): Block {
  return {
    title,
    column: place % 2 === 0 ? 'left' : 'right',
    least: LEAST,
    rows: rows.map(({ connections, name, share }) => ({
      label: escaped(name),
      mark: ' ',
      draw: (width) => shareLine(connections, share, width),
    })),
  };
}

/** A number, its share in percent, and a bar. */
function shareLine(count: number, share: number, width: number): Line {
  const text = inWhole(count).padStart(COUNT) + inPercent(share).padStart(SHARE);
  const left = width - text.length - 1;
  return left < NARROWEST ? [span(text)] : [span(`${text} `), span(bar(share / 100, left), 'accent')];
}

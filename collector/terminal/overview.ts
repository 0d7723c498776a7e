/** Several rankings of the same table at a glance: who holds most of it, from every angle. */

import { inPercent, inWhole } from '../base/numbers.ts';
import { wrap } from '../base/text.ts';
import type { Answer } from '../functions/answer.ts';
import { cellText } from './cells.ts';
import { body, type Size } from './columns.ts';
import { bar } from './drawing.ts';
import { entriesOf, styleOf } from './screen.ts';
import type { Block } from './sections.ts';
import { cut, type Line, span } from './text.ts';

/** Columns of a number of connections, of its share, and that a bar needs. */
const COUNT = 10;
const SHARE = 8;
const NARROWEST = 4;
/** Rows without which a ranking is left out. */
const LEAST = 1;

export interface Overview {
  readonly entries: number;
  /** Entries that the table can hold, if known. */
  readonly max: number | undefined;
  /** In the order of their importance. */
  readonly rankings: readonly Ranking[];
}

export interface Ranking {
  readonly title: string;
  /** With the share as its first percentage. */
  readonly answer: Answer;
}

/** At most as many lines as the terminal has, none wider than it. */
export function overviewLines({ entries, max, rankings }: Overview, { columns, rows }: Size): readonly Line[] {
  const used = max === undefined ? undefined : (entries / max) * 100;
  const facts = used === undefined ? [] : [span(`  ${inPercent(used)}`, styleOf(used))];
  const head: Line[] = [[span(entriesOf(entries, max, columns - SHARE), 'strong'), ...facts], []];
  const notes = new Set(rankings.flatMap(({ answer }) => answer.notes));
  const foot = [...notes].flatMap((note) => wrap(note, columns)).map((line): Line => [span(line, 'dim')]);
  const air: Line[] = foot.length === 0 ? [] : [[]];
  const room = Math.max(0, rows - head.length - air.length - foot.length);
  const sections = body(rankings.map(blockOf), { columns, rows: room });
  return [...head, ...sections, ...air, ...foot].slice(0, rows).map((line) => cut(line, columns));
}

function blockOf({ answer, title }: Ranking, place: number): Block {
  const { columns, rows, sortedBy } = answer;
  const keys = columns.flatMap(({ isKey }, at) => (isKey === true ? [at] : []));
  const count = columns.findIndex(({ id }) => id === sortedBy);
  const share = columns.findIndex(({ type }) => type === 'percent');
  return {
    title,
    column: place % 2 === 0 ? 'left' : 'right',
    least: LEAST,
    rows: rows.map(({ cells }) => ({
      label: keys.map((at) => cellText(cells[at] ?? null, columns[at]?.type ?? 'text')).join(' '),
      mark: ' ',
      draw: (width) => shareLine(Number(cells[count]), Number(cells[share]), width),
    })),
  };
}

/** A number, its share in percent, and a bar. */
function shareLine(count: number, share: number, width: number): Line {
  const text = inWhole(count).padStart(COUNT) + inPercent(share).padStart(SHARE);
  const left = width - text.length - 1;
  return [span(`${text} `), span(left < NARROWEST ? '' : bar(share / 100, left), 'accent')];
}

/** A live answer as a table: as wide as a terminal for a person, and whole for a program. */

import { wrap } from '../base/text.ts';
import type { Answer, Column, Row } from '../functions/answer.ts';
import { cellText, plainCell, rounded } from './cells.ts';
import type { Size } from './columns.ts';
import { cut, type Line, pad, shortened, span } from './text.ts';

/** Blanks between two columns. */
const GAP = 2;
/** The fewest columns of a text that could be left out instead, and of a key. */
const SHORTEST = 12;
const NARROWEST = 8;
/** After a row that is a problem. */
const MARK = ' !';

/** A column and its place. */
interface Shown {
  readonly column: Column;
  readonly at: number;
  width: number;
}

/**
 * The table in lines of at most `width` columns, without its notes. What no row knows is left out, and so are columns for
 * which there is no room after those before them; those that tell rows apart, and the one that rows are sorted by, stay.
 */
export function tableLines(answer: Answer, width: number): readonly Line[] {
  const { columns, rows } = answer;
  if (rows.length === 0) return [cut([span('Nothing found.', 'dim')], width)];
  const texts = rows.map(({ cells }) => columns.map(({ type }, at) => cellText(cells[at] ?? null, type)));
  const marks = rows.some(({ severity }) => severity !== undefined) ? MARK.length : 0;
  const shown = chosen(answer, texts, width - marks);
  const heading = shown.map((one) => aligned(one, one.column.name)).join(' '.repeat(GAP));
  return [
    cut([span(heading.trimEnd(), 'strong')], width),
    ...texts.map((cells, row) => {
      const line = shown.map((one) => aligned(one, cells[one.at] ?? '')).join(' '.repeat(GAP));
      const { severity } = rows[row] ?? {};
      if (severity === undefined) return cut([span(line.trimEnd())], width);
      const style = severity === 'error' ? 'critical' : 'warning';
      return cut([...pad([span(line, style)], Math.max(0, width - marks)), span(MARK, style)], width);
    }),
  ];
}

/** The notes in lines of at most `width` columns. */
function noteLines({ notes }: Answer, width: number): readonly Line[] {
  return notes.flatMap((note) => wrap(note, width)).map((line) => [span(line, 'dim')]);
}

/** As many rows and notes as a screen has lines for; notes take a third of it if not everything fits. */
export function fittingLines(answer: Answer, { columns, rows }: Size): readonly Line[] {
  const table = tableLines(answer, columns);
  const lines = noteLines(answer, columns);
  const notes = lines.length === 0 ? [] : [[], ...lines];
  if (table.length + notes.length <= rows) return [...table, ...notes];
  const shown = notes.slice(0, Math.max(rows - table.length, Math.ceil(rows / 3)));
  const room = Math.max(2, rows - shown.length);
  if (table.length <= room) return [...table, ...shown].slice(0, rows);
  const more = cut([span(`… ${table.length - room + 1} more rows`, 'dim')], columns);
  return [...table.slice(0, room - 1), more, ...shown].slice(0, rows);
}

/**
 * The whole table for a program: every column, headed by its id; numbers without units and separators; at least two
 * blanks between columns.
 */
export function plainTable({ columns, rows }: Answer): string {
  const table = [
    columns.map(({ id }) => id),
    ...rows.map(({ cells }) => columns.map(({ type }, at) => plainCell(cells[at] ?? null, type))),
  ];
  const widths = columns.map((_, at) => longest(table, at));
  const lines = table.map((cells) =>
    cells.map((text, at) =>
      columns[at]?.type === 'text' ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0),
    ),
  );
  return lines.map((cells) => `${cells.join(' '.repeat(GAP)).trimEnd()}\n`).join('');
}

/** Rows as JSON, one object per line: values by the ids of their columns, without those unknown. */
export function jsonLines({ columns, rows }: Answer): string {
  return rows.map((row) => jsonLine(columns, row)).join('');
}

/** One row as JSON on a line. */
export function jsonLine(columns: readonly Column[], row: Row): string {
  return `${JSON.stringify(fieldsOf(columns, row))}\n`;
}

function fieldsOf(columns: readonly Column[], { cells, severity }: Row): Readonly<Record<string, string | number>> {
  const fields: Record<string, string | number> = {};
  for (const [at, { id }] of columns.entries()) {
    const cell = cells[at] ?? null;
    if (cell !== null) fields[id] = typeof cell === 'number' ? rounded(cell) : cell;
  }
  if (severity !== undefined) fields['severity'] = severity;
  return fields;
}

/** The columns that fit in `width`, and how wide each is. */
function chosen({ columns, rows, sortedBy }: Answer, texts: readonly (readonly string[])[], width: number): Shown[] {
  const known = columns.flatMap((column, at): Shown[] => {
    const isKnown = rows.some(({ cells }) => (cells[at] ?? null) !== null);
    const isSeen = column.id === sortedBy || (isKnown && column.isHidden !== true);
    return isSeen ? [{ column, at, width: Math.max(column.name.length, longest(texts, at)) }] : [];
  });
  const shown = new Set(known.filter(({ column }) => column.isKey === true || column.id === sortedBy));
  let room = width - widthOf([...shown]);
  for (const one of known) {
    const least = one.column.type === 'text' ? Math.min(one.width, SHORTEST) : one.width;
    if (shown.has(one) || least + GAP > room) continue;
    one.width = Math.min(one.width, room - GAP);
    room -= one.width + GAP;
    shown.add(one);
  }
  const inOrder = known.filter((one) => shown.has(one));
  shorten(inOrder, -room);
  return inOrder;
}

/** Takes so many columns from the widest texts. */
function shorten(shown: readonly Shown[], excess: number): void {
  const texts = shown.filter(({ column }) => column.type === 'text');
  for (let left = excess; left > 0; left--) {
    const [widest] = texts.toSorted((one, other) => other.width - one.width);
    if (widest === undefined || widest.width <= NARROWEST) return;
    widest.width--;
  }
}

function widthOf(shown: readonly Shown[]): number {
  return shown.reduce((sum, { width }) => sum + width + GAP, -GAP);
}

function longest(texts: readonly (readonly string[])[], at: number): number {
  return texts.reduce((most, cells) => Math.max(most, cells[at]?.length ?? 0), 0);
}

/** Numbers to the right, texts to the left. */
function aligned({ column, width }: Shown, text: string): string {
  if (text.length > width && column.isKey === true) return shortened(text, width);
  if (text.length > width) return `${text.slice(0, Math.max(0, width - 1))}…`;
  return column.type === 'text' ? text.padEnd(width) : text.padStart(width);
}

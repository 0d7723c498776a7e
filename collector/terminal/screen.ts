/** One screen: what is known, laid out as lines that fill the terminal exactly. Nothing is known of terminals here. */

import { inPercent, inWhole } from '../base/numbers.ts';
import { wrap } from '../base/text.ts';
import { type Allotted, allot } from './allot.ts';
import { bar } from './bar.ts';
import { type Block, blocksOf } from './blocks.ts';
import type { Board } from './board.ts';
import { CRITICAL_ABOVE, SECTIONS, TABLE, WARNING_ABOVE } from './layout.ts';
import type { Message } from './messages.ts';
import { inTime } from './numbers.ts';
import { OLD, TROUBLE } from './rows.ts';
import type { Signs } from './signs.ts';
import { sparkline } from './sparkline.ts';
import { cut, type Line, pad, printable, type Span, type Style, span, widthOf } from './text.ts';
import { timeToFull } from './time_to_full.ts';

/** Columns of a terminal from which on there are two columns of sections, and how far apart these are. */
const WIDE = 78;
const GAP = 2;
/** Rows of a terminal from which on one is left empty above the sections and before the last line. */
const AIRY = 20;
/** A table that is full later than this, in seconds, is not filling up. */
const SOON = 86_400;
/** Columns of the last minute of the table. */
const TREND = 30;
/** The share of the rows that messages may take, and how many are shown at once. */
const MESSAGES = 1 / 6;
const MOST_MESSAGES = 3;
/** The share of its column that the labels of a section may take. */
const MOST_LABEL = 0.5;

/** In columns and rows. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface Facts {
  readonly host: string;
  /** Such as `Linux 6.18.0`. */
  readonly kernel: string;
  /** Seconds between two updates. */
  readonly every: number;
}

export interface View {
  readonly facts: Facts;
  /** When the numbers were read, in milliseconds since the epoch. */
  readonly time: number;
  readonly board: Board;
  /** The oldest first. */
  readonly messages: readonly Message[];
  /** Whether anything is amiss, even if no message tells it any more. */
  readonly isTroubled: boolean;
}

/** The lines of the screen: as many as the terminal has, and none wider. */
export function screenOf(view: View, { columns, rows }: Size, signs: Signs): readonly Line[] {
  const { board, isTroubled, messages } = view;
  const blocks = blocksOf(SECTIONS, board, signs);
  const air: Line[] = rows < AIRY ? [] : [[]];
  const head = [headOf(view, columns), ...tableOf(board, columns, signs), ...air];
  const foot = [...air, ...messageLines(messages, { columns, rows }, signs), lastLine(columns, isTroubled, blocks)];
  const room = Math.max(0, rows - head.length - foot.length);
  const body = bodyOf(blocks, { columns, rows: room }, signs);
  const missing = Array.from({ length: room - body.length }, (): Line => []);
  // In a terminal too small for even these, what stands at the top matters more than the end.
  return [...head, ...body, ...missing, ...foot].slice(0, rows).map((line) => cut(line, columns, signs.cut));
}

function headOf({ facts: { every, host, kernel }, time }: View, columns: number): Line {
  const clock = timeOf(time);
  const room = columns - clock.length - 1;
  const line = [span(printable(host), 'strong')];
  for (const part of [`  every ${every} s`, `  ${printable(kernel)}`]) {
    if (widthOf(line) + part.length <= room) line.push(span(part, 'dim'));
  }
  return [...pad(line, room, ''), span(` ${clock}`)];
}

/** How full the table is, as text and as a bar. */
function tableOf(board: Board, columns: number, signs: Signs): Line[] {
  const { context, dimension } = TABLE.entries;
  const [shown] = board.instances(context);
  const series = shown?.series(dimension);
  if (shown === undefined || series === undefined) return [];
  const entries = shown.values.get(dimension);
  if (entries === undefined || shown.age === 'old')
    return [[span('The connection tracking table cannot be read at present', 'warning')]];

  const most = shown.variables.get(TABLE.maximum);
  const used = usedOf(board);
  const facts: Span[] = [];
  if (used !== undefined) facts.push(span(`  ${inPercent(used)}`, styleOf(used)));
  const left = most === undefined ? undefined : timeToFull(series, shown.every, most);
  if (left !== undefined && left < SOON) facts.push(span(`  full in ${inTime(left)}`, 'warning'));
  const line = [span(entriesOf(entries, most, columns - widthOf(facts)), 'strong'), ...facts];
  const room = columns - widthOf(line) - 2;
  if (room >= TREND) {
    line.push(span(sparkline(series, TREND, signs).padStart(room + 2), 'accent'));
  }
  if (used === undefined) return [line];
  const { filled, rest } = bar(used / 100, columns, signs);
  return [line, [span(filled, styleOf(used)), span(rest, 'dim')]];
}

/** In percent. */
function usedOf(board: Board): number | undefined {
  const { context, dimension } = TABLE.used;
  const [shown] = board.instances(context);
  return shown?.age === 'old' ? undefined : shown?.values.get(dimension);
}

function entriesOf(entries: number, most: number | undefined, columns: number): string {
  if (most === undefined) return `${inWhole(entries)} entries`;
  const text = `${inWhole(entries)} of ${inWhole(most)} entries`;
  return text.length <= columns ? text : `${inWhole(entries)} / ${inWhole(most)}`;
}

function styleOf(used: number): Style {
  if (used > CRITICAL_ABOVE) return 'critical';
  return used > WARNING_ABOVE ? 'warning' : 'good';
}

function bodyOf(blocks: readonly Block[], { columns, rows }: Size, signs: Signs): readonly Line[] {
  const left = blocks.filter(({ section }) => section.column === 'left');
  const right = blocks.filter(({ section }) => section.column === 'right');
  if (columns < WIDE || left.length === 0 || right.length === 0) return columnOf(blocks, columns, rows, signs);
  const width = Math.floor((columns - GAP) / 2);
  const leftLines = columnOf(left, width, rows, signs);
  const rightLines = columnOf(right, width, rows, signs);
  return Array.from({ length: Math.max(leftLines.length, rightLines.length) }, (_, row) => {
    const line = rightLines[row];
    if (line === undefined) return leftLines[row] ?? [];
    return [...pad(leftLines[row] ?? [], width + GAP, signs.cut), ...line];
  });
}

function columnOf(blocks: readonly Block[], width: number, rows: number, signs: Signs): readonly Line[] {
  return allot(blocks, rows).flatMap((allotted, place) => {
    const lines = linesOf(allotted, width, signs).map((line) => cut(line, width, signs.cut));
    return place === 0 ? lines : [[], ...lines];
  });
}

function linesOf({ block, rows }: Allotted, width: number, signs: Signs): readonly Line[] {
  // Of all its rows, so that the columns do not move when one has no room.
  const longest = Math.max(...block.rows.map(({ label }) => label.length));
  const labels = Math.min(longest, Math.floor(width * MOST_LABEL));
  const rule = signs.rule.repeat(Math.max(0, width - block.title.length - 1));
  return [
    [span(`${block.title} `, 'strong'), span(rule, 'dim')],
    ...rows.map(({ draw, label }) => [
      ...pad([span(label)], labels, signs.cut),
      span('  '),
      ...draw(width - labels - 2),
    ]),
  ];
}

/** The newest messages, the oldest of them first, in a share of the screen. */
function messageLines(messages: readonly Message[], { columns, rows }: Size, signs: Signs): readonly Line[] {
  const most = Math.max(1, Math.floor(rows * MESSAGES));
  const shown = messages.slice(-Math.min(most, MOST_MESSAGES));
  const each = Math.floor(most / shown.length);
  return shown.flatMap(({ level, text, time }) => {
    const style = level === 'error' ? 'critical' : level === 'info' ? 'dim' : 'warning';
    const clock = `${timeOf(time)} `;
    const lines = wrap(text, Math.max(1, columns - clock.length));
    return lines.slice(0, each).map((line, place) => {
      const isCut = place === each - 1 && lines.length > each;
      return [
        span(place === 0 ? clock : ' '.repeat(clock.length), 'dim'),
        span(isCut ? line + signs.cut : line, style),
      ];
    });
  });
}

/** What can be done, and what the marks on this screen mean, as far as there is room. */
function lastLine(columns: number, isTroubled: boolean, blocks: readonly Block[]): Line {
  const rows = blocks.flatMap((block) => block.rows);
  const parts = [
    rows.some(({ isUrgent }) => isUrgent) ? `   ${TROUBLE} trouble` : '',
    rows.some(({ isOld }) => isOld) ? `   ${OLD} old` : '',
    isTroubled ? '   run conntrack.plugin check' : '',
  ];
  const line = [span('Ctrl-C ends', 'dim')];
  for (const part of parts) {
    if (widthOf(line) + part.length <= columns) line.push(span(part, 'dim'));
  }
  return line;
}

/** The time of day where the terminal is. */
function timeOf(milliseconds: number): string {
  const time = new Date(milliseconds);
  const parts = [time.getHours(), time.getMinutes(), time.getSeconds()];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

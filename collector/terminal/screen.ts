/** The lines of one screen. */

import { inPercent, inWhole } from '../base/numbers.ts';
import { escaped, wrap } from '../base/text.ts';
import type { Board } from './board.ts';
import { body, type Size } from './columns.ts';
import { bar, sparkline } from './drawing.ts';
import { type Series, timeToFull } from './history.ts';
import { CRITICAL_ABOVE, ENTRIES, WARNING_ABOVE } from './layout.ts';
import type { Message, Messages } from './messages.ts';
import { type Block, blocksOf } from './sections.ts';
import { cut, type Line, pad, type Style, span, widthOf } from './text.ts';

/** Height from which there is an empty line above the sections, and one below. */
const AIRY = 20;
/** Seconds; a table that takes longer to fill is not filling up. */
const SOON = 86_400;
/** Columns of the table's trend. */
const TREND = 30;
/** The share of the screen for messages, and how many it shows at most. */
const MESSAGES = 1 / 6;
const MOST_MESSAGES = 3;

export interface View {
  readonly host: string;
  /** Such as `Linux 6.18.0`. */
  readonly kernel: string;
  /** Seconds between two updates. */
  readonly every: number;
  readonly board: Board;
  /** When the values were read, in milliseconds since the epoch. */
  readonly time: number;
  readonly messages: Pick<Messages, 'isTroubled' | 'recent'>;
}

/** As many lines as the terminal has, none wider than it. */
export function screenOf(view: View, { columns, rows }: Size): readonly Line[] {
  const { board, messages } = view;
  const blocks = blocksOf(board);
  const air: Line[] = rows < AIRY ? [] : [[]];
  const head = [headOf(view, columns), ...tableOf(board, columns), ...air];
  const foot = [
    ...air,
    ...messageLines(messages.recent, { columns, rows }),
    lastLine(columns, messages.isTroubled, blocks),
  ];
  const room = Math.max(0, rows - head.length - foot.length);
  const sections = body(blocks, { columns, rows: room });
  const empty = Array.from({ length: room - sections.length }, (): Line => []);
  return [...head, ...sections, ...empty, ...foot].slice(0, rows).map((line) => cut(line, columns));
}

function headOf({ every, host, kernel, time }: View, columns: number): Line {
  const clock = timeOf(time);
  const room = columns - clock.length - 1;
  const line = fitting([span(escaped(host), 'strong')], [`  every ${every} s`, `  ${escaped(kernel)}`], room);
  return [...pad(line, room), span(` ${clock}`)];
}

/** How full the table is, as text and as a bar. */
function tableOf(board: Board, columns: number): Line[] {
  const [shown] = board.instances(ENTRIES.context);
  const series = shown?.series(ENTRIES.dimension);
  if (shown === undefined || series === undefined) return [];
  const entries = shown.values.get(ENTRIES.dimension);
  if (entries === undefined || shown.age === 'old') {
    return [[span('The connection tracking table cannot be read at present', 'warning')]];
  }
  const limit = shown.variables.get(ENTRIES.limit);
  if (limit === undefined) return [withTrend([span(`${inWhole(entries)} entries`, 'strong')], series, columns)];
  const used = entries / limit;
  const style = styleOf(used * 100);
  const facts = [span(`  ${inPercent(used * 100)}`, style)];
  const left = timeToFull(series, shown.every, limit);
  if (left !== undefined && left < SOON) facts.push(span(`  full in ${inTime(left)}`, 'warning'));
  const long = `${inWhole(entries)} of ${inWhole(limit)} entries`;
  const text = long.length <= columns - widthOf(facts) ? long : `${inWhole(entries)} / ${inWhole(limit)}`;
  const filled = bar(used, columns);
  return [
    withTrend([span(text, 'strong'), ...facts], series, columns),
    [span(filled, style), span('░'.repeat(columns - filled.length), 'dim')],
  ];
}

/** The line, followed by the trend on the right if it fits. */
function withTrend(line: Line, series: Series, columns: number): Line {
  const room = columns - widthOf(line);
  return room < TREND + 2 ? line : [...line, span(sparkline(series, TREND).padStart(room), 'accent')];
}

function styleOf(used: number): Style {
  if (used > CRITICAL_ABOVE) return 'critical';
  return used > WARNING_ABOVE ? 'warning' : 'good';
}

/** The newest messages that fit their share of the screen, oldest first. */
function messageLines(messages: readonly Message[], { columns, rows }: Size): readonly Line[] {
  const most = Math.max(1, Math.floor(rows * MESSAGES));
  const shown = messages.slice(-Math.min(most, MOST_MESSAGES));
  const each = Math.floor(most / shown.length);
  return shown.flatMap(({ level, text, time }) => {
    const style = level === 'error' ? 'critical' : level === 'info' ? 'dim' : 'warning';
    const clock = `${timeOf(time)} `;
    const lines = wrap(text, Math.max(1, columns - clock.length));
    return lines.slice(0, each).map((line, at) => {
      const isCut = at === each - 1 && lines.length > each;
      return [span(at === 0 ? clock : ' '.repeat(clock.length), 'dim'), span(isCut ? `${line}…` : line, style)];
    });
  });
}

/** How to end, the legend of the marks on the screen, and a hint, as far as they fit. */
function lastLine(columns: number, isTroubled: boolean, blocks: readonly Block[]): Line {
  const marks = new Set(blocks.flatMap(({ rows }) => rows.map(({ mark }) => mark)));
  const parts = [
    marks.has('!') ? '   ! trouble' : '',
    marks.has('?') ? '   ? old' : '',
    isTroubled ? '   run conntrack.plugin check' : '',
  ];
  return fitting([span('Ctrl-C ends', 'dim')], parts, columns);
}

/** The line, followed by each part that fits in `width` columns. */
function fitting(line: Line, parts: readonly string[], width: number): Line {
  const extended = [...line];
  for (const part of parts) {
    if (widthOf(extended) + part.length <= width) extended.push(span(part, 'dim'));
  }
  return extended;
}

/** Local time of day, such as `17:30:05`. */
function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toTimeString().slice(0, 8);
}

/** Seconds in the largest unit of which there are at least two: `90 s`, `5 min`, `7 h`. */
function inTime(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** How full the connection tracking table is: the top lines of the screen. */

import { inPercent, inWhole } from '../base/numbers.ts';
import type { Board } from './board.ts';
import { bar, sparkline } from './drawing.ts';
import { type Series, timeToFull } from './history.ts';
import { CRITICAL_ABOVE, ENTRIES, WARNING_ABOVE } from './layout.ts';
import { type Line, type Style, span, widthOf } from './text.ts';

/** Seconds; a table that takes longer to fill is not filling up. */
const SOON = 86_400;
/** Columns of the table's trend. */
const TREND = 30;

/** How full the table is, as text and as a bar. */
export function tableOf(board: Board, columns: number): Line[] {
  const [shown] = board.instances(ENTRIES.context);
  const series = shown?.series(ENTRIES.dimension);
  if (shown === undefined || series === undefined) return [];
  const entries = shown.values.get(ENTRIES.dimension);
  if (entries === undefined || shown.age === 'old') {
    return [[span('The connection tracking table cannot be read at present', 'warning')]];
  }
  const limit = shown.variables.get(ENTRIES.limit);
  if (limit === undefined) return [withTrend([span(entriesOf(entries, limit, columns), 'strong')], series, columns)];
  const used = entries / limit;
  const style = styleOf(used * 100);
  const facts = [span(`  ${inPercent(used * 100)}`, style)];
  const left = timeToFull(series, shown.every, limit);
  if (left !== undefined && left < SOON) facts.push(span(`  full in ${inTime(left)}`, 'warning'));
  const text = entriesOf(entries, limit, columns - widthOf(facts));
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

/** The entries of the table, and its limit if known, in `columns` if possible. */
export function entriesOf(entries: number, limit: number | undefined, columns: number): string {
  if (limit === undefined) return `${inWhole(entries)} entries`;
  const text = `${inWhole(entries)} of ${inWhole(limit)} entries`;
  return text.length <= columns ? text : `${inWhole(entries)} / ${inWhole(limit)}`;
}

/** The style of a table that is `used` percent full. */
export function styleOf(used: number): Style {
  if (used > CRITICAL_ABOVE) return 'critical';
  return used > WARNING_ABOVE ? 'warning' : 'good';
}

/** Seconds in the largest unit of which there are at least two: `90 s`, `5 min`, `7 h`. */
function inTime(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

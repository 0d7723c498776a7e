/** Bars and trends. */

import type { Series } from './history.ts';

const LEVELS = '▁▂▃▄▅▆▇█';
/** Eighths of a column, from one to seven. */
const EIGHTHS = '▏▎▍▌▋▊▉';

/** The filled part of a bar: `share`, from 0 to 1, of `width` columns. Only 0 is empty. */
export function bar(share: number, width: number): string {
  const eighths = Math.min(width * 8, Math.max(Math.round(share * width * 8), share > 0 ? 1 : 0));
  return '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS.charAt((eighths % 8) - 1);
}

/**
 * The series in at most `width` columns, newest on the right, scaled from 0 to its maximum; a gap is blank. With fewer
 * values than columns, each value takes several columns. With more, a column shows the maximum of several values; these
 * are grouped by their age since the first, so that a column keeps its height as it moves left.
 */
export function sparkline({ length, newest, values }: Series, width: number): string {
  const group = Math.ceil(length / width);
  const columns = Math.ceil(length / group);
  const maximum = Math.max(...known(values));
  const last = Math.floor(newest / group);
  const text = Array.from({ length: columns }, (_, column) => {
    // Index of the column's first value; negative before the first of all.
    const from = values.length - 1 - newest + (last - columns + 1 + column) * group;
    const own = known(values.slice(Math.max(0, from), Math.max(0, from + group)));
    return (own.length === 0 ? ' ' : levelOf(Math.max(...own) / maximum)).repeat(Math.floor(width / columns));
  });
  return text.join('');
}

/** Only 0 has the lowest level. */
function levelOf(share: number): string {
  return LEVELS.charAt(share > 0 ? Math.max(1, Math.round(share * (LEVELS.length - 1))) : 0);
}

function known(values: Series['values']): number[] {
  return values.filter((value) => value !== undefined);
}

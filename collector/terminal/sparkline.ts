import type { Series } from './history.ts';
import type { Signs } from './signs.ts';

/**
 * The series in at most `width` columns, the newest at the right end; the highest value is as high as can be, 0 the
 * lowest. A gap is blank. Where there are fewer values than columns, each takes several. Where there are more, a column
 * shows the highest of as many as it takes; which those are does not change while time goes on.
 */
export function sparkline({ length, newest, values }: Series, width: number, { levels }: Signs): string {
  const group = Math.ceil(length / width);
  const columns = Math.ceil(length / group);
  const each = Math.floor(width / columns);
  const highest = Math.max(...values.map((value) => value ?? 0));
  const last = Math.floor(newest / group);
  let text = '';
  for (let column = last - columns + 1; column <= last; column++) {
    // Where in `values` the first value of the column is, or would be.
    const from = values.length - 1 - newest + column * group;
    const known = values.slice(Math.max(0, from), Math.max(0, from + group)).filter((value) => value !== undefined);
    const sign = known.length === 0 ? ' ' : levelOf(Math.max(...known), highest, levels);
    text += sign.repeat(each);
  }
  return text;
}

function levelOf(value: number, highest: number, levels: Signs['levels']): string {
  const top = levels.length - 1;
  // What is not 0 does not look like it.
  const level = value <= 0 ? 0 : Math.max(1, Math.round((value / highest) * top));
  return levels[level] ?? '';
}

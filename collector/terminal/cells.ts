/** The cells of a live answer as text. */

import { inPercent, inRate, inWhole } from '../base/numbers.ts';
import { escaped } from '../base/text.ts';
import type { Cell, ColumnType } from '../functions/answer.ts';

/** The text of an unknown value. */
export const UNKNOWN = '-';

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
/** Seconds of each unit, largest first. */
const TIME_UNITS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
] as const;

/** A cell for a person: with its unit, rounded, in local time. */
export function cellText(cell: Cell, type: ColumnType): string {
  if (typeof cell !== 'number') return textOf(cell);
  switch (type) {
    case 'percent':
      return inPercent(cell);
    case 'rate':
      return `${inRate(cell)}/s`;
    case 'bytes':
      return inBytes(cell);
    case 'duration':
      return inTime(cell);
    case 'time':
      return inLocalTime(cell);
    case 'number':
      return String(cell);
    default:
      return inWhole(cell);
  }
}

/** A cell for a program: a plain number in the unit of its type, of at most three decimals; UTC. */
export function plainCell(cell: Cell, type: ColumnType): string {
  if (typeof cell !== 'number') return textOf(cell);
  return type === 'time' ? new Date(cell).toISOString() : String(rounded(cell));
}

/** A number with at most three decimals. */
export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function textOf(cell: string | null): string {
  return cell === null || cell === '' ? UNKNOWN : escaped(cell);
}

/** `512 B`, `1.5 KiB`, `20 GiB`: two digits at least. */
function inBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${BYTE_UNITS[unit]}`;
}

/** Seconds in the largest unit of which there are at least two: `90 s`, `5 min`, `7 h`, `5 d`. */
function inTime(seconds: number): string {
  const [size, unit] = TIME_UNITS.find(([size]) => seconds >= 2 * size) ?? [1, 's'];
  return `${Math.floor(seconds / size)} ${unit}`;
}

/** `2026-11-21 20:53:46`. */
function inLocalTime(milliseconds: number): string {
  const time = new Date(milliseconds);
  const two = (part: number): string => String(part).padStart(2, '0');
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  return `${date} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')}`;
}

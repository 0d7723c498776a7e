/** Times, and values by their unit, as people read them. */

import { inPercent, inRate, inWhole } from '../base/numbers.ts';

/** Seconds in the largest unit that there are two of: `90 s`, `5 min`, `7 h`. */
export function inTime(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** A value of a chart by its unit. */
export function inUnits(value: number, units: string): string {
  if (units.endsWith('/s')) return `${inRate(value)}/s`;
  return units === '%' ? inPercent(value) : inWhole(value);
}

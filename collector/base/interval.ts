import { UsageError } from './errors.ts';

/** The longest interval, one day, in seconds. */
export const LONGEST_INTERVAL = 86_400;

/**
 * An interval as somebody wrote it, in whole seconds from 1 to {@link LONGEST_INTERVAL}.
 *
 * @param name what the error calls it, such as `INTERVAL` or `NETDATA_UPDATE_EVERY`.
 * @throws {UsageError} naming what was expected and what was given.
 */
export function parseInterval(name: string, text: string): number {
  return parseWhole(name, text, LONGEST_INTERVAL, 'whole seconds');
}

/**
 * A whole number from 1 to `most`, in decimal digits and nothing else.
 *
 * @throws {UsageError} naming what was expected and what was given.
 */
export function parseWhole(name: string, text: string, most: number, what: string): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 1 && value <= most)) {
    throw new UsageError(`${name}: expected ${what} from 1 to ${most}, got ${JSON.stringify(text)}`);
  }
  return value;
}

import { UsageError } from './errors.ts';

/** The longest interval, one day, in seconds. */
export const LONGEST_INTERVAL = 86_400;

/**
 * Parses an interval in whole seconds from 1 to {@link LONGEST_INTERVAL}.
 *
 * @param name its name in the error, such as `INTERVAL` or `NETDATA_UPDATE_EVERY`.
 * @throws {UsageError} naming what was expected and what was found.
 */
export function parseInterval(name: string, text: string): number {
  return parseWhole(name, text, LONGEST_INTERVAL, 'whole seconds');
}

/**
 * Parses a whole number from 1 to `most`, in decimal digits only.
 *
 * @throws {UsageError} naming what was expected and what was found.
 */
export function parseWhole(name: string, text: string, most: number, what: string): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 1 && value <= most)) {
    throw new UsageError(`${name}: expected ${what} from 1 to ${most}, got ${JSON.stringify(text)}`);
  }
  return value;
}

/** How many rows an answer may have. */

import { badArgument, wholeNumber } from './arguments.ts';
import type { Arguments, Parameter } from './function.ts';
import type { Sources } from './sources.ts';

/** Rows of a list: for the dashboard, which sorts and filters them, and for a terminal. */
const MOST = 10_000;
const MOST_PATIENT = 100_000;

export const LIMIT = {
  name: 'limit',
  help: 'Rows to show at most.',
  allowed: 'a number from 1 to 10000, or to 100000 on the command line',
} as const satisfies Parameter;

/**
 * The limit that was given.
 *
 * @throws {ArgumentError}
 */
export function limitIn(given: Arguments, { isPatient }: Sources, byDefault: number): number {
  const limit = wholeNumber(given, LIMIT, 1, MOST_PATIENT) ?? byDefault;
  if (limit > MOST && !isPatient) throw badArgument(LIMIT, given[LIMIT.name] ?? '');
  return limit;
}

/** How many rows an answer may have. */

import { wholeNumber } from './arguments.ts';
import type { Arguments, Parameter } from './function.ts';
import type { Sources } from './sources.ts';

export const LIMIT = {
  name: 'limit',
  help: 'Rows to show at most.',
  allowed: 'a number from 1 to 10000',
  inCommand: 'a number from 1 to 100000, or to 10000 with INTERVAL',
} as const satisfies Parameter;

/**
 * The limit that was given: at most 100,000 for a patient caller, otherwise 10,000.
 *
 * @throws {ArgumentError}
 */
export function limitIn(given: Arguments, { isPatient }: Sources, byDefault: number): number {
  const allowed = isPatient ? LIMIT.inCommand : LIMIT.allowed;
  return wholeNumber(given, { ...LIMIT, allowed }, 1, isPatient ? 100_000 : 10_000) ?? byDefault;
}

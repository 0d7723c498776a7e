/**
 * Prints which groups of tests can run on this machine, with the reason for each skipped one. With
 * REQUIRE_EVERY_GROUP=1 a skipped group is an error unless it is optional.
 */

import type { TestProject } from 'vitest/node';

import { announce, GROUPS, missingHere, OPTIONAL } from './groups.ts';

export default function setup(project: TestProject): void {
  const missing = missingHere();
  const skipped = GROUPS.filter((group) => missing[group] !== undefined && !OPTIONAL.includes(group));
  announce(GROUPS, missing);
  if (skipped.length > 0 && process.env['REQUIRE_EVERY_GROUP'] === '1') {
    throw new Error(`REQUIRE_EVERY_GROUP=1, but these groups cannot run here: ${skipped.join(', ')}`);
  }
  project.provide('missing', missing);
}

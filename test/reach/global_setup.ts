/** Prints which groups of `npm run reach` can run on this machine, with the reason for each skipped one. */

import type { TestProject } from 'vitest/node';

import { announce, missingReachHere, REACH_GROUPS } from '../helpers/groups.ts';

export default function setup(project: TestProject): void {
  const missing = missingReachHere();
  announce(REACH_GROUPS, missing);
  project.provide('missingReach', missing);
}

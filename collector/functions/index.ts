/** All live answers, in the order of the help. */

import type { LiveFunction } from './function.ts';

export const FUNCTIONS: readonly LiveFunction[] = [];

/** All live answers, in the order of help. */

import { CONNECTIONS } from './connections.ts';
import type { LiveFunction } from './function.ts';
import { TOP } from './top.ts';

export const FUNCTIONS: readonly LiveFunction[] = [TOP, CONNECTIONS];

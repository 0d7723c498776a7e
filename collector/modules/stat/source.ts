/** What the sources of the statistics have in common. */

import type { Problem } from '../problem.ts';
import type { StatTable } from './nf_conntrack_stat.ts';

/** A source that worked less than this many microseconds ago is retried at every update: a module reload is shorter. */
export const PATIENCE = 60e6;

export interface Reading {
  /** The counters, overwritten by the next reading; `undefined` if the source has none. */
  readonly table: StatTable | undefined;
  /** Entries in the connection table. */
  readonly connections: number | undefined;
  /** Entries that the table can hold, if the source knows. */
  readonly max?: number | undefined;
  /** Whether the counters may have restarted from 0 since the previous reading. */
  readonly restarted: boolean;
}

export interface Source {
  /** A path or `ctnetlink`. */
  readonly target: string;
  /** Why the last attempt failed; none if it succeeded. */
  readonly problem: Problem | undefined;
  /** Reads at `at`, a monotonic time in microseconds; `undefined` if that fails or is not due. */
  read(at: number): Reading | undefined;
  close(): void;
}

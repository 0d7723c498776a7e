/** The interface of every module: it reads one source and returns numbers, and knows neither charts nor the protocol. */

import type { Problem } from './problem.ts';

/**
 * What a sample describes: the whole host (or network namespace), or one of several instances: a CPU, the TCP or UDP sockets of an address
 * family, a conntrackd, or one of its caches, links or queues.
 */
export type Scope = 'host' | 'cpu' | 'tcp' | 'udp' | 'daemon' | 'cache' | 'link' | 'queue';

/** Named numbers of one instance; an unknown number is absent. */
export interface Sample {
  readonly scope: Scope;
  /** Unique within the scope, and part of the chart ids; empty for the host itself. */
  readonly instance: string;
  /** Labels of the instance's charts. */
  readonly labels: Readonly<Record<string, string>>;
  /** By metric. Rates are per second. */
  readonly values: Readonly<Record<string, number | undefined>>;
}

/** Where a module reads, and what keeps it from reading. */
export interface Status {
  /** Where its numbers come from, or would come from: paths, `ctnetlink` or `sock_diag`. */
  readonly reads: readonly string[];
  /** As of the last reading. */
  readonly problems: readonly Problem[];
}

export interface Module {
  readonly name: string;
  /** Seconds between two readings. */
  readonly every: number;
  /**
   * Reads the source. The samples may be reused by the next call.
   *
   * @param at monotonic time in microseconds.
   * @param isTaken whether the samples are used: not while the agent does not read. A module with a long interval then
   * returns them again at the next call.
   */
  collect(at: number, isTaken: boolean): readonly Sample[];
  status(): Status;
  /** Closes its descriptors. */
  close(): void;
}

/**
 * What every module of the collector is: something that reads one source and returns numbers, knowing nothing of
 * charts and of the protocol.
 */

/**
 * What the numbers of a sample are about: the whole host, or one of several instances: a CPU, the TCP sockets or the
 * UDP sockets of an address family, a conntrackd, or one of its caches, links or queues.
 */
export type Scope = 'host' | 'cpu' | 'tcp' | 'udp' | 'daemon' | 'cache' | 'link' | 'queue';

/** Named numbers of one instance; a number that is not known is absent. */
export interface Sample {
  readonly scope: Scope;
  /** Tells instances of one scope apart, and is part of their charts' ids; empty for the host. */
  readonly instance: string;
  /** Labels of the instance's charts. */
  readonly labels: Readonly<Record<string, string>>;
  /** By metric. Rates are per second. */
  readonly values: Readonly<Record<string, number | undefined>>;
}

/** Something that is in the way of a module. */
export interface Hindrance {
  /** The system's error code, such as `EACCES`, or a word such as `unloaded`: it tells what can be done. */
  readonly code: string;
  /** What cannot be reached, or is not as it should be: a path, `ctnetlink` or `sock_diag`. */
  readonly target: string;
  /** One line for a person. */
  readonly message: string;
  /** How much of what the target would tell is lost; nothing, when there need not be anything there. */
  readonly loses: 'all' | 'part' | 'nothing';
}

/** How a module stands, for whoever asks. */
export interface Standing {
  /** Where its numbers come from, or would come from: paths, `ctnetlink` or `sock_diag`. */
  readonly reads: readonly string[];
  /** What was in the way when it was looked last. */
  readonly hindrances: readonly Hindrance[];
}

export interface Module {
  readonly name: string;
  /** Seconds between two readings. */
  readonly every: number;
  /**
   * Reads the source. The samples may be reused by the next call.
   *
   * @param at monotonic time in microseconds.
   * @param isDrawn whether the samples will be drawn; otherwise they are lost, because the agent does not read. A module
   * that reads seldom returns them again at the next call.
   */
  collect(at: number, isDrawn: boolean): readonly Sample[];
  /** How it stands, as of the last reading. */
  standing(): Standing;
  /** Lets go of descriptors. */
  close(): void;
}

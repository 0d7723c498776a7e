/**
 * Network namespaces other than the one that this process collects from, and how their files are reached.
 *
 * An open file below `/proc/PID/net` and a socket keep their namespace alive, with its devices and connections, after
 * its last user is gone. Files are therefore opened for each reading, and sockets are closed once only this process
 * holds the namespace. What is kept in between only refers to files (see `handles.ts`).
 */

/** A namespace with a name in a file system, such as `/run/netns/blue`. */
export interface Bound {
  /** The first path, if there are several. */
  readonly path: string;
  /**
   * Inode and change time of the bound file. The kernel reuses inodes, but the change time of a namespace's file stays
   * while it is bound: together they distinguish a namespace from a later one at the same path.
   */
  readonly identity: string;
}

/** A process in the namespace, through which its files can be read without privilege. */
export interface Anchor {
  readonly pid: number;
  /** Its start in clock ticks since boot: with the number of the process it is unique. */
  readonly started: number;
  /** Inode of `/proc/PID/net/dev`: the same for all processes in a namespace, and different in another one. */
  readonly inode: number;
}

export interface Namespace {
  /** Unique among those that exist; from the path, or else from the cgroup of the oldest process. */
  readonly name: string;
  /** Labels of its charts: `netns`, and `container` and `pod` where known. */
  readonly labels: Readonly<Record<string, string>>;
  /** `undefined` if it has no path that this process can see. */
  readonly bound: Bound | undefined;
  /** The oldest process; `undefined` if none is known. */
  readonly anchor: Anchor | undefined;
}

/**
 * A way to read the files of one namespace. Every method verifies that it is still the same namespace.
 *
 * @throws from every method {ProblemError} `namespace_gone` once it is not.
 */
export interface Entrance {
  /** For people: `process 1234 (dnsmasq)` or `/run/netns/blue`. */
  readonly via: string;
  /** For people: the namespace's `/proc/net` in the paths of its files, such as `/proc/1234/net`. */
  readonly directory: string;
  /** For people: the namespace's `/proc/sys/net/netfilter` likewise. */
  readonly settings: string;
  /**
   * Opens a file of the namespace's `/proc/net` for one reading.
   *
   * @param name such as `stat/nf_conntrack`.
   * @returns a descriptor to be closed when the file has been read.
   * @throws {OperationError} with the system's code when the file cannot be opened.
   */
  open(name: string): number;
  /**
   * As {@link open}, for a setting below the namespace's `/proc/sys/net/netfilter`, such as `nf_conntrack_events`. It is
   * found from inside.
   *
   * @throws {ProblemError} `namespace_closed` when the privilege is missing.
   */
  openSetting(name: string): number;
  /**
   * Runs `action` inside: a socket that it opens belongs to the namespace.
   *
   * @throws {ProblemError} `namespace_closed` when the privilege is missing.
   */
  inside<T>(action: () => T): T;
  /** Verifies that it is still the same namespace and has another user than this process. */
  verify(): void;
  close(): void;
}

/** What live answers are found from. */

import type { Runtime } from '../base/runtime.ts';
import type { Clock } from '../base/scheduler.ts';
import type { Connect } from '../modules/access.ts';
import type { Context } from '../modules/context.ts';
import type { SnatPool } from '../modules/flows/snat_ports.ts';
import type { StuckGroup } from '../modules/flows/stuck.ts';
import type { Work } from '../modules/slices.ts';
import type { Discovered } from '../namespaces/discovery.ts';
import type { Namespace } from '../namespaces/namespace.ts';

/** The files of another network namespace, while they are open to this process. */
export interface NamespaceFiles extends Pick<Context, 'fs' | 'host'> {
  /** For people: what they are reached through, such as `process 1234 (dnsmasq)`. */
  readonly via: string;
  close(): void;
}

/** The network namespaces and their files. */
export interface NamespaceSources {
  /** The host's own. */
  readonly own: Pick<Context, 'fs' | 'host' | 'release'>;
  /** Finds the others. */
  readonly find: () => Work<Discovered>;
  /**
   * Opens the files of one; to be closed soon.
   *
   * @throws {ProblemError} when they cannot be reached.
   */
  readonly open: (namespace: Namespace) => NamespaceFiles;
}

export interface Sources {
  /** Opens channels to the connection table and its events. */
  readonly ctnetlink: Connect;
  readonly runtime: Runtime;
  readonly clock: Clock;
  /** Whether a person waits at a terminal, for whom a whole table is read; otherwise an answer may be an estimate. */
  readonly isPatient: boolean;
  /** Ports that source NAT chooses from, where these are not the default. */
  readonly snatPools: readonly SnatPool[];
  /** Reads `net.netfilter.nf_conntrack_events`; `undefined` if it cannot be read. */
  readonly eventSetting: () => number | undefined;
  readonly namespaces: NamespaceSources;
  /** Stuck connections that were followed from dump to dump; `undefined` if unknown. */
  readonly stuckGroups?: () => Iterable<StuckGroup> | undefined;
}

/** What live answers are found from. */

import type { Runtime } from '../base/runtime.ts';
import type { Clock } from '../base/scheduler.ts';
import type { Connect } from '../modules/access.ts';
import type { SnatPool } from '../modules/flows/snat_ports.ts';
import type { StuckGroup } from '../modules/flows/stuck.ts';

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
  /** Stuck connections that were followed from dump to dump; `undefined` if unknown. */
  readonly stuckGroups?: () => Iterable<StuckGroup> | undefined;
}

/** What live answers are found from. */

import type { Runtime } from '../base/runtime.ts';
import type { Clock } from '../base/scheduler.ts';
import type { Connect } from '../modules/access.ts';

export interface Sources {
  /** Opens channels to the connection table and its events. */
  readonly ctnetlink: Connect;
  readonly runtime: Runtime;
  readonly clock: Clock;
  /** Whether a person waits at a terminal, for whom a whole table is read; otherwise an answer may be an estimate. */
  readonly isPatient: boolean;
}

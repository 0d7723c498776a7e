/** What every module is constructed with, besides its settings. */

import type { Socket } from 'node:net';

import type { Log } from '../base/log.ts';
import type { Runtime } from '../base/runtime.ts';
import type { FileSystem } from '../procfs/file.ts';
import type { Host } from '../procfs/host.ts';
import type { Access } from './access.ts';
import type { Budget } from './budget.ts';
import type { Limits } from './stat/limits.ts';

export interface Context extends Access {
  readonly host: Host;
  readonly fs: FileSystem;
  /** Shared by all jobs. */
  readonly limits: Limits;
  readonly log: Log;
  readonly runtime: Runtime;
  /** Release of the host's kernel, as `uname -r` prints it. */
  readonly release: string;
  /** CPU time of the background work of all jobs. */
  readonly budget: Budget;
  /** Connects to a UNIX socket. */
  readonly connect: (path: string) => Socket;
}

/** Settings that every module has. */
export interface ModuleSettings {
  /** Seconds between two ticks. */
  readonly every: number;
  /** Whether the module runs: `true` if what it reads is expected to be there, and its absence an error in the log. */
  readonly enabled: 'auto' | boolean;
}

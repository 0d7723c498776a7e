/**
 * What root sees of the agent that runs and the agent's own user does not, handed on to the check as that user. Root
 * never takes it from elsewhere: what an environment says can mislead nobody but whoever set it.
 */

import { type CheckFileSystem, readLink } from './files.ts';

/** The environment variable that it is handed on in. */
export const SEEN = 'CONNTRACK_CHECK_SEEN';

export interface Seen {
  /** The process that is the agent; none: no process is. */
  readonly pid: number | undefined;
  /** Its network namespace, such as `net:[4026531840]`. */
  readonly network: string | undefined;
}

/** @param pid of the process that is the agent for certain, if there is one. */
export function lookAt(fs: CheckFileSystem, pid: number | undefined): Seen {
  return { pid, network: pid === undefined ? undefined : readLink(fs, `/proc/${pid}/ns/net`) };
}

export function formatSeen({ network = '', pid = 0 }: Seen): string {
  return `${pid} ${network}`;
}

/** @param text of the environment variable. */
export function parseSeen(text: string | undefined): Seen | undefined {
  const [, pid, network] = /^(\d{1,10}) (net:\[\d+\])?$/.exec(text ?? '') ?? [];
  return pid === undefined ? undefined : { pid: Number(pid) || undefined, network };
}

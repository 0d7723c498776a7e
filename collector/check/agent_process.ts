/**
 * The process of the agent that runs. Anybody can run a process of that name, so it must run a program that nobody but
 * root can have put there.
 */

import { basename, dirname } from 'node:path';

import { trustedFolder } from '../netlink/trusted.ts';
import { accountNamed } from './accounts.ts';
import { attempt, type CheckFileSystem, readLink, readText } from './files.ts';
import { isOfService, type ProcessStatus, readStart, readStatus } from './process.ts';
import type { Seen } from './seen.ts';

/** Of the program, and of the user that it usually runs as. */
export const NAME = 'netdata';

const WRITABLE_BY_OTHERS = 0o022;

export interface AgentProcess {
  readonly pid: number;
  readonly status: ProcessStatus;
  /** Whether it is the agent for certain; otherwise it has the name, and no more may be seen. */
  readonly isKnown: boolean;
  /** Whether it is of the system's service of that name. */
  readonly isService: boolean;
}

/**
 * The oldest process of the agent that is not another's child. One that the user netdata or root runs goes before that
 * of anybody else, who can start the same program.
 */
export function findProcess(fs: CheckFileSystem, seen: Seen | undefined): AgentProcess | undefined {
  const found = new Map<number, { readonly status: ProcessStatus; readonly isKnown: boolean }>();
  for (const entry of attempt(() => fs.readdirSync('/proc').map(String)) ?? []) {
    if (!/^\d+$/.test(entry)) continue;
    const pid = Number(entry);
    if (readText(fs, `/proc/${pid}/comm`)?.trim() !== NAME) continue;
    const status = readStatus(fs, pid);
    const isAgent = seen === undefined ? isRootsProgram(fs, pid) : seen.pid === pid;
    // That of a container has files and users of its own; it is checked in there.
    if (status === undefined || status.isContained || isAgent === false) continue;
    found.set(pid, { status, isKnown: isAgent === true });
  }
  const usual = accountNamed(fs, NAME)?.uid;
  const isUsual = ({ uid }: ProcessStatus): boolean => uid === 0 || uid === usual;
  const [first] = [...found]
    .filter(([, { status }]) => !found.has(status.parent))
    .map(([pid, one]) => ({ pid, ...one, start: readStart(fs, pid), isUsual: isUsual(one.status) }))
    .sort(
      (one, other) =>
        Number(other.isKnown) - Number(one.isKnown) ||
        Number(other.isUsual) - Number(one.isUsual) ||
        one.start - other.start,
    );
  if (first === undefined) return undefined;
  const { isKnown, pid, status } = first;
  return { pid, status, isKnown, isService: isOfService(fs, pid) };
}

/**
 * Whether a process runs a program of that name that nobody but root can change, and on this host; `undefined` where
 * that may not be seen.
 */
function isRootsProgram(fs: CheckFileSystem, pid: number): boolean | undefined {
  const program = readLink(fs, `/proc/${pid}/exe`)?.replace(/ \(deleted\)$/, '');
  if (program === undefined) return undefined;
  if (basename(program) !== NAME) return false;
  const isTrusted = attempt(() => {
    const { mode, uid } = fs.statSync(`/proc/${pid}/exe`);
    trustedFolder(fs, dirname(program));
    return Number(uid) === 0 && (Number(mode) & WRITABLE_BY_OTHERS) === 0 && hasSameRoot(fs, pid);
  });
  return isTrusted ?? false;
}

/** Whether `/` is the same directory for a process as for this one: in a container it is not. */
function hasSameRoot(fs: CheckFileSystem, pid: number): boolean {
  const its = fs.statSync(`/proc/${pid}/root`);
  const own = fs.statSync('/');
  return its.dev === own.dev && its.ino === own.ino;
}

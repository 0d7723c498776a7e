/**
 * The processes of agents. Anybody can run a process of that name, so it must run a program that nobody but root can
 * have put there.
 */

import { basename, dirname } from 'node:path';

import { trustedFolder } from '../netlink/trusted.ts';
import { accountNamed } from './accounts.ts';
import { attempt, type CheckFileSystem, readLink, readText } from './files.ts';
import { isOfService, type ProcessStatus, pidsOf, readStart, readStatus } from './process.ts';
import type { Seen } from './seen.ts';

/** Of the program, and of the user that it usually runs as. */
export const NAME = 'netdata';

const WRITABLE_BY_OTHERS = 0o022;

export interface AgentProcess {
  readonly pid: number;
  readonly status: ProcessStatus;
  /** Whether it is the agent for certain; otherwise it has the name, and no more may be seen. */
  readonly isKnown: boolean;
  /** The file that it runs, if it is known. */
  readonly program: string | undefined;
  /** Whether it is of the system's service of that name. */
  readonly isService: boolean;
  /** Whether it runs as root or as the user netdata; anybody else can start the same program. */
  readonly isUsual: boolean;
}

/**
 * The agents that run and are not another's children, the likeliest first: those that are known, those of the user
 * netdata or root, the older ones.
 */
export function findProcesses(fs: CheckFileSystem, seen: Seen | undefined): readonly AgentProcess[] {
  const found = new Map<number, { readonly status: ProcessStatus; readonly isKnown: boolean }>();
  for (const pid of pidsOf(fs)) {
    if (readText(fs, `/proc/${pid}/comm`)?.trim() !== NAME) continue;
    const status = readStatus(fs, pid);
    const isAgent = seen === undefined ? isRootsProgram(fs, pid) : seen.pid === pid;
    // That of a container has files and users of its own; it is checked in there.
    if (status === undefined || status.isContained || isAgent === false) continue;
    found.set(pid, { status, isKnown: isAgent === true });
  }
  const usual = accountNamed(fs, NAME)?.uid;
  return [...found]
    .filter(([, { status }]) => !found.has(status.parent))
    .map(([pid, { isKnown, status }]) => ({
      pid,
      status,
      isKnown,
      program: isKnown ? (seen?.program ?? programOf(fs, pid)) : undefined,
      isService: isOfService(fs, pid),
      isUsual: status.uid === 0 || status.uid === usual,
      start: readStart(fs, pid),
    }))
    .sort(
      (one, other) =>
        Number(other.isKnown) - Number(one.isKnown) ||
        Number(other.isUsual) - Number(one.isUsual) ||
        one.start - other.start,
    );
}

/** The file that a process runs, or ran before it was replaced; `undefined` where that may not be seen. */
function programOf(fs: CheckFileSystem, pid: number): string | undefined {
  return readLink(fs, `/proc/${pid}/exe`)?.replace(/ \(deleted\)$/, '');
}

/**
 * Whether a process runs a program of that name that nobody but root can change, and on this host; `undefined` where
 * that may not be seen.
 */
function isRootsProgram(fs: CheckFileSystem, pid: number): boolean | undefined {
  const program = programOf(fs, pid);
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

/**
 * Processes, as `/proc` shows them.
 * Source: proc_pid_status(5), proc_pid_stat(5), proc_pid_cmdline(5), proc_pid_environ(5), proc_stat(5) and cgroups(7).
 */

import { capabilities } from '../procfs/credentials.ts';
import { attempt, type CheckFileSystem, readText } from './files.ts';

export interface ProcessStatus {
  readonly parent: number;
  /** The effective user and group. */
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups. */
  readonly groups: readonly number[];
  /** Sets of capabilities, one bit each; `undefined` if the kernel does not show the set. */
  readonly permitted: bigint | undefined;
  readonly bounding: bigint | undefined;
  readonly ambient: bigint | undefined;
  /** Whether programs that it starts ignore the capabilities of their files. */
  readonly noNewPrivileges: boolean;
  /** Whether it is in a nested PID namespace, as in a container. */
  readonly isContained: boolean;
}

/** Parses `/proc/PID/status`; `undefined` without the parent, user or group. */
export function parseStatus(status: string): ProcessStatus | undefined {
  const [, parent] = /^PPid:\s+(\d+)/m.exec(status) ?? [];
  const [, uid] = /^Uid:\s+\d+\s+(\d+)/m.exec(status) ?? [];
  const [, gid] = /^Gid:\s+\d+\s+(\d+)/m.exec(status) ?? [];
  const [, groups = ''] = /^Groups:(.*)$/m.exec(status) ?? [];
  if (parent === undefined || uid === undefined || gid === undefined) return undefined;
  return {
    parent: Number(parent),
    uid: Number(uid),
    gid: Number(gid),
    groups: (groups.match(/\d+/g) ?? []).map(Number),
    permitted: capabilities(status, 'CapPrm'),
    bounding: capabilities(status, 'CapBnd'),
    ambient: capabilities(status, 'CapAmb'),
    noNewPrivileges: /^NoNewPrivs:\s+1$/m.test(status),
    isContained: /^NSpid:\s+\d+\s+\d/m.test(status),
  };
}

/** The status of a process; `undefined` if it has ended or is hidden. */
export function readStatus(fs: CheckFileSystem, pid: number | 'self'): ProcessStatus | undefined {
  const text = readText(fs, `/proc/${pid}/status`);
  return text === undefined ? undefined : parseStatus(text);
}

/** Whether a process belongs to the system service `netdata`, rather than to a user's service of that name. */
export function isOfService(fs: CheckFileSystem, pid: number): boolean {
  const text = readText(fs, `/proc/${pid}/cgroup`) ?? '';
  return /^\d+:[^:]*:(?!\/user\.slice\/)\/(?:.*\/)?netdata\.service$/m.test(text);
}

/** Start time of a process in clock ticks since boot; infinite if it has ended. */
export function readStart(fs: CheckFileSystem, pid: number): number {
  const text = readText(fs, `/proc/${pid}/stat`) ?? '';
  // The process name, in parentheses, can contain anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return Number(fields[19] ?? Number.POSITIVE_INFINITY);
}

/** Clock ticks per second (USER_HZ) on every Linux architecture. */
const TICKS = 100;

/** Start time of a process in seconds since the epoch; `undefined` if it has ended. */
export function startedAt(fs: CheckFileSystem, pid: number): number | undefined {
  const [, boot] = /^btime (\d+)$/m.exec(readText(fs, '/proc/stat') ?? '') ?? [];
  const start = readStart(fs, pid);
  return boot === undefined || !Number.isFinite(start) ? undefined : Number(boot) + Math.floor(start / TICKS);
}

/** The absolute paths in the variables `NETDATA_NAME_DIR` of a process, by NAME; empty without permission. */
export function readDirectories(fs: CheckFileSystem, pid: number): ReadonlyMap<string, string> {
  const found = (readText(fs, `/proc/${pid}/environ`) ?? '').matchAll(/(?<=^|\0)NETDATA_(\w+)_DIR=(\/[^\0]*)/g);
  return new Map([...found].map(([, name = '', path = '']) => [name, path]));
}

/** The command line of a process. */
export function readArguments(fs: CheckFileSystem, pid: number): readonly string[] {
  return (readText(fs, `/proc/${pid}/cmdline`) ?? '').split('\0');
}

/** The ids of all visible processes. */
export function pidsOf(fs: CheckFileSystem): readonly number[] {
  const entries = attempt(() => fs.readdirSync('/proc').map(String)) ?? [];
  return entries.filter((entry) => /^\d+$/.test(entry)).map(Number);
}

/**
 * What `/proc` tells of a process.
 * Source: proc_pid_status(5), proc_pid_stat(5), proc_pid_cmdline(5), proc_pid_environ(5), proc_stat(5) and cgroups(7).
 */

import { CAP_NET_ADMIN, capabilities, hasCapability } from '../procfs/credentials.ts';
import { attempt, type CheckFileSystem, readText } from './files.ts';

export interface ProcessStatus {
  readonly parent: number;
  /** The effective ones. */
  readonly uid: number;
  readonly gid: number;
  /** The other groups that it is in. */
  readonly groups: readonly number[];
  /** Whether CAP_NET_ADMIN is in each set; `undefined` where the kernel does not tell. */
  readonly permitted: boolean | undefined;
  readonly bounding: boolean | undefined;
  readonly ambient: boolean | undefined;
  /** Whether no program that it starts gets capabilities from its file. */
  readonly noNewPrivileges: boolean;
  /** Whether it lives in a process namespace below that of whoever looks, as in a container. */
  readonly isContained: boolean;
}

/** Parses `/proc/PID/status`. */
export function parseStatus(status: string): ProcessStatus | undefined {
  const [, parent] = /^PPid:\s+(\d+)/m.exec(status) ?? [];
  const [, uid] = /^Uid:\s+\d+\s+(\d+)/m.exec(status) ?? [];
  const [, gid] = /^Gid:\s+\d+\s+(\d+)/m.exec(status) ?? [];
  const [, groups = ''] = /^Groups:(.*)$/m.exec(status) ?? [];
  if (parent === undefined || uid === undefined || gid === undefined) return undefined;
  const has = (set: string): boolean | undefined => {
    const found = capabilities(status, set);
    return found === undefined ? undefined : hasCapability(found, CAP_NET_ADMIN);
  };
  return {
    parent: Number(parent),
    uid: Number(uid),
    gid: Number(gid),
    groups: (groups.match(/\d+/g) ?? []).map(Number),
    permitted: has('CapPrm'),
    bounding: has('CapBnd'),
    ambient: has('CapAmb'),
    noNewPrivileges: /^NoNewPrivs:\s+1$/m.test(status),
    isContained: /^NSpid:\s+\d+\s+\d/m.test(status),
  };
}

/** The status of a process, or of this one; `undefined` when it has ended or is hidden. */
export function readStatus(fs: CheckFileSystem, pid: number | 'self'): ProcessStatus | undefined {
  const text = readText(fs, `/proc/${pid}/status`);
  return text === undefined ? undefined : parseStatus(text);
}

/** Whether a process is of the system's service `netdata`; services of a user's own are none of it. */
export function isOfService(fs: CheckFileSystem, pid: number): boolean {
  const text = readText(fs, `/proc/${pid}/cgroup`) ?? '';
  return /^\d+:[^:]*:(?!\/user\.slice\/)\/(?:.*\/)?netdata\.service$/m.test(text);
}

/** When a process started, in ticks of the clock since the machine did. */
export function readStart(fs: CheckFileSystem, pid: number): number {
  const text = readText(fs, `/proc/${pid}/stat`) ?? '';
  // The name before it, in parentheses, can hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return Number(fields[19] ?? Number.POSITIVE_INFINITY);
}

/** Ticks of the clock in a second, for user space on every architecture of Linux. */
const TICKS = 100;

/** When a process started, in seconds since the epoch; `undefined` when it has ended. */
export function startedAt(fs: CheckFileSystem, pid: number): number | undefined {
  const [, boot] = /^btime (\d+)$/m.exec(readText(fs, '/proc/stat') ?? '') ?? [];
  const start = readStart(fs, pid);
  return boot === undefined || !Number.isFinite(start) ? undefined : Number(boot) + Math.floor(start / TICKS);
}

/** The agent's variables in the environment of a process; none where that may not be seen. */
export function readVariables(fs: CheckFileSystem, pid: number): ReadonlyMap<string, string> {
  const text = readText(fs, `/proc/${pid}/environ`) ?? '';
  return new Map(
    [...text.matchAll(/(?:^|\0)(NETDATA_\w+)=([^\0]*)/g)].map(([, name = '', value = '']) => [name, value]),
  );
}

/** The words that a process was started with. */
export function readWords(fs: CheckFileSystem, pid: number): readonly string[] {
  return (readText(fs, `/proc/${pid}/cmdline`) ?? '').split('\0');
}

/** The processes of the host, by their numbers. */
export function pidsOf(fs: CheckFileSystem): readonly number[] {
  const entries = attempt(() => fs.readdirSync('/proc').map(String)) ?? [];
  return entries.filter((entry) => /^\d+$/.test(entry)).map(Number);
}

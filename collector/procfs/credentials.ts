/**
 * The privileges of a process.
 * Source: proc_pid_status(5), credentials(7) and capabilities(7).
 */

import { type FileSystem, readText } from './file.ts';

/** Numbers of capabilities. Source: linux/capability.h. */
export const CAP_NET_ADMIN = 12;
export const CAP_SYS_ADMIN = 21;

export interface Credentials {
  /** The real user. */
  readonly uid: number;
  /** The permitted capabilities, one bit each. */
  readonly permitted: bigint;
  /** The capabilities inherited from the parent process, one bit each. */
  readonly ambient: bigint;
}

/**
 * Parses `/proc/PID/status`.
 *
 * @returns `undefined` if a line is missing, as on kernels before 4.3.
 */
export function parseCredentials(status: string): Credentials | undefined {
  const [, uid] = /^Uid:\s+(\d+)/m.exec(status) ?? [];
  const permitted = capabilities(status, 'CapPrm');
  const ambient = capabilities(status, 'CapAmb');
  if (uid === undefined || permitted === undefined || ambient === undefined) return undefined;
  return { uid: Number(uid), permitted, ambient };
}

/** The credentials of this process; `undefined` if procfs is hidden. */
export function ownCredentials(fs: FileSystem): Credentials | undefined {
  const status = readText(fs, '/proc/self/status');
  return status === undefined ? undefined : parseCredentials(status);
}

/** Whether this process may use a capability; true if unknown: then the kernel decides. */
export function isPermitted(fs: FileSystem, capability: number): boolean {
  const own = ownCredentials(fs);
  return own === undefined || hasCapability(own.permitted, capability);
}

/** Whether a set contains a capability. */
export function hasCapability(set: bigint, capability: number): boolean {
  return ((set >> BigInt(capability)) & 1n) === 1n;
}

/** A set of capabilities in `/proc/PID/status`, such as `CapBnd`; `undefined` if it is missing. */
export function capabilities(status: string, name: string): bigint | undefined {
  const [, set] = new RegExp(`^${name}:\\s+([0-9a-f]{1,16})$`, 'm').exec(status) ?? [];
  return set === undefined ? undefined : BigInt(`0x${set}`);
}

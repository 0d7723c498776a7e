/**
 * What a process is permitted to do.
 * Source: proc_pid_status(5), credentials(7) and capabilities(7).
 */

/** Its number in linux/capability.h. */
export const CAP_NET_ADMIN = 12;

export interface Credentials {
  /** The real user. */
  readonly uid: number;
  /** The capabilities that it may use, a bit each. */
  readonly permitted: bigint;
  /** Those of them that whoever started it handed on. */
  readonly ambient: bigint;
}

/**
 * Parses `/proc/PID/status`.
 *
 * @returns `undefined` for a text that does not tell, such as that of a kernel before 4.3.
 */
export function parseCredentials(status: string): Credentials | undefined {
  const [, uid] = /^Uid:\s+(\d+)/m.exec(status) ?? [];
  const permitted = capabilities(status, 'CapPrm');
  const ambient = capabilities(status, 'CapAmb');
  if (uid === undefined || permitted === undefined || ambient === undefined) return undefined;
  return { uid: Number(uid), permitted, ambient };
}

/** Whether a set of capabilities has one of them. */
export function hasCapability(set: bigint, capability: number): boolean {
  return ((set >> BigInt(capability)) & 1n) === 1n;
}

/** One of the sets of capabilities in `/proc/PID/status`, such as `CapBnd`. */
export function capabilities(status: string, name: string): bigint | undefined {
  const [, set] = new RegExp(`^${name}:\\s+([0-9a-f]{1,16})$`, 'm').exec(status) ?? [];
  return set === undefined ? undefined : BigInt(`0x${set}`);
}

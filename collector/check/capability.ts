/** The capabilities that matter to the plugin: CAP_NET_ADMIN, and CAP_SYS_ADMIN to enter network namespaces. */

import { CAP_NET_ADMIN, CAP_SYS_ADMIN } from '../procfs/credentials.ts';

/** The extended attribute that holds a file's capabilities, and its maximum size in bytes. */
export const CAPABILITY_ATTRIBUTE = 'security.capability';
export const CAPABILITY_SIZE = 24;

/** Sets of one capability, with a bit for each as in `/proc/PID/status`. */
export const NET_ADMIN = 1n << BigInt(CAP_NET_ADMIN);
export const SYS_ADMIN = 1n << BigInt(CAP_SYS_ADMIN);

/**
 * The first 32 capabilities that a file permits: in every revision of the attribute, the little-endian number at byte 4.
 * Source: linux/capability.h, `struct vfs_cap_data`.
 *
 * @param attribute the value of {@link CAPABILITY_ATTRIBUTE}.
 */
export function permittedBy(attribute: Uint8Array = new Uint8Array(0)): bigint {
  return attribute.length < 8 ? 0n : BigInt(Buffer.from(attribute).readUInt32LE(4));
}

/** Those of the two that a set contains, such as `CAP_NET_ADMIN and CAP_SYS_ADMIN`; empty if it contains neither. */
export function capabilityNames(set: bigint): string {
  const names = [(set & NET_ADMIN) === 0n ? [] : 'CAP_NET_ADMIN', (set & SYS_ADMIN) === 0n ? [] : 'CAP_SYS_ADMIN'];
  return names.flat().join(' and ');
}

/** What setcap gives a program that has this set: permitted, not effective. */
export function capabilityArgument(set: bigint): string {
  return (set & SYS_ADMIN) === 0n ? 'cap_net_admin=p' : 'cap_net_admin,cap_sys_admin=p';
}

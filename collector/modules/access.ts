/**
 * Opens netlink channels for the modules, or throws the problem that prevents it.
 *
 * Netlink shows the network namespace that the process runs in, so nothing is opened where the host may be in another
 * one. The first request to ctnetlink makes the kernel load connection tracking, so none is sent unless it is loaded.
 * Sock_diag only makes it load the modules that answer.
 */

import { constants } from 'node:os';

import { OperationError, SystemError } from '../base/errors.ts';
import type { Channel } from '../netlink/channel.ts';
import { NETLINK_NETFILTER } from '../netlink/ctnetlink.ts';
import { Foreign } from '../netlink/foreign.ts';
import { NETLINK_SOCK_DIAG } from '../netlink/inet_diag.ts';
import { NetlinkSocket } from '../netlink/socket.ts';
import { type OwnershipFileSystem, trustedFolder, UntrustedError } from '../netlink/trusted.ts';
import { CAP_NET_ADMIN, CAP_SYS_ADMIN, hasCapability, isPermitted, ownCredentials } from '../procfs/credentials.ts';
import { exists, type FileSystem } from '../procfs/file.ts';
import type { Host } from '../procfs/host.ts';
import { ProblemError, problemErrorOf } from './problem.ts';
import { STATISTICS } from './stat/nf_conntrack_stat.ts';

/** A channel that can receive multicast events. */
export interface EventChannel extends Channel {
  /** Sets the size of the receive buffer in bytes; returns the actual size as the kernel counts it. */
  setReceiveBuffer(bytes: number): number;
  /** Joins a multicast group. */
  join(group: number): void;
}

/** Bytes of the memory that all channels receive into: those of the largest receive buffer. */
export const RECEIVE_MEMORY = 512 * 1024;

/** The memory for datagrams that are received at once. */
export interface ReceiveBuffer {
  readonly slots: number;
  /** Bytes of a slot, a multiple of 4. */
  readonly slotSize: number;
}

/** Runs an action in another network namespace: what it opens belongs to that namespace. */
export type Inside = <T>(action: () => T) => T;

/**
 * Opens a channel.
 *
 * @param inside opens it in another network namespace; in the host's if not given.
 * @throws {ProblemError} when it cannot be opened.
 */
export type Connect = (memory: ReceiveBuffer, inside?: Inside) => EventChannel;

/** The netlink interfaces of the kernel. */
export interface Access {
  /** The connection table. */
  readonly ctnetlink: Connect;
  /** The sockets of the host's own programs. */
  readonly sockDiag: Connect;
}

export interface AccessOptions {
  readonly fs: FileSystem & OwnershipFileSystem;
  readonly host: Host;
  /** The directory of koffi's binary. */
  readonly library: string;
  /** What all channels receive into, {@link RECEIVE_MEMORY} bytes; each has its own if not given. */
  readonly memory?: Buffer<ArrayBuffer>;
}

/**
 * Loads koffi's binary. A privileged process loads it only from a trusted directory.
 *
 * @throws {UntrustedError} when a user other than root can write to that directory.
 * @throws {OperationError} when it cannot be loaded.
 */
export function loadForeign(fs: FileSystem & OwnershipFileSystem, library: string): Foreign {
  return new Foreign(isFilePrivileged(fs) ? trustedFolder(fs, library) : library);
}

/**
 * As {@link loadForeign}.
 *
 * @param target what cannot be read without it.
 * @throws {ProblemError}
 */
export function requireForeign(fs: FileSystem & OwnershipFileSystem, library: string, target: string): Foreign {
  try {
    return loadForeign(fs, library);
  } catch (error) {
    throw new ProblemError(error instanceof UntrustedError ? 'library_untrusted' : 'library_unusable', target, error);
  }
}

/** Creates the functions that open channels; the first call loads the library. */
export function createAccess({ fs, host, library, memory }: AccessOptions): Access {
  let foreign: Foreign | undefined;
  const load = (target: string): Foreign => {
    foreign ??= requireForeign(fs, library, target);
    return foreign;
  };
  const requireTracking = (): void => {
    if (!isTracking(fs, host)) throw new ProblemError('tracking_not_loaded', 'ctnetlink');
  };
  const open = (name: 'ctnetlink' | 'sock_diag', inside: Inside | undefined, action: Opening): EventChannel => {
    if (inside === undefined && !host.isHere) throw new ProblemError('other_namespace', name);
    try {
      return action(inside ?? here);
    } catch (error) {
      throw problemErrorOf(error, name);
    }
  };
  return {
    ctnetlink: (buffer, inside) => {
      requireTracking();
      return open('ctnetlink', inside, (run) => {
        // Without the capability there is no need to load the library.
        if (!isPermitted(fs, CAP_NET_ADMIN)) throw refusal(new SystemError(constants.errno.EPERM));
        const own = load('ctnetlink');
        useCapability(own);
        // If it is unloaded while the socket is open, another request would make the kernel load it.
        const socket = { name: 'ctnetlink', protocol: NETLINK_NETFILTER, beforeSend: requireTracking };
        return run(() => new NetlinkSocket(own, { ...buffer, ...socket, memory }));
      });
    },
    sockDiag: (buffer, inside) =>
      open('sock_diag', inside, (run) => {
        const socket = { name: 'sock_diag', protocol: NETLINK_SOCK_DIAG };
        const own = load('sock_diag');
        return run(() => new NetlinkSocket(own, { ...buffer, ...socket, memory }));
      }),
  };
}

/** Opens a channel, given what runs an action in its namespace. */
type Opening = (run: Inside) => EventChannel;

const here: Inside = (action) => action();

function useCapability(foreign: Foreign): void {
  try {
    foreign.useCapability(CAP_NET_ADMIN);
  } catch (error) {
    throw refusal(error);
  }
}

/** The error that the kernel would return later. */
function refusal(cause: unknown): OperationError {
  return new OperationError('open', 'ctnetlink', cause);
}

/** Capabilities that the plugin's executable can have. */
const CAPABILITIES = [CAP_NET_ADMIN, CAP_SYS_ADMIN];

/** Whether the process has a capability from its executable, and not from the user who started it; true if unknown. */
function isFilePrivileged(fs: FileSystem): boolean {
  const own = ownCredentials(fs);
  if (own === undefined) return true;
  const { ambient, permitted, uid } = own;
  const isOfFile = (capability: number): boolean =>
    hasCapability(permitted, capability) && !hasCapability(ambient, capability);
  return uid !== 0 && CAPABILITIES.some(isOfFile);
}

/** Whether connection tracking is loaded. Each of these paths is missing in some environments. */
export function isTracking(fs: FileSystem, host: Host): boolean {
  const signs = [host.netfilter('nf_conntrack_count'), host.net(STATISTICS), host.path('/sys/module/nf_conntrack')];
  return signs.some((path) => exists(fs, path));
}

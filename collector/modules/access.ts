/**
 * The ways of the modules to the kernel over netlink, and what can stand in them.
 *
 * Netlink speaks of the network namespace that the process lives in, so nothing is opened where the host may live in
 * another one. The first question to ctnetlink makes the kernel load connection tracking, so that is not asked where
 * connection tracking is not loaded. Sock_diag makes it load no more than what answers.
 */

import { constants } from 'node:os';

import { OperationError, SystemError } from '../base/errors.ts';
import type { Channel } from '../netlink/channel.ts';
import { NETLINK_NETFILTER } from '../netlink/ctnetlink.ts';
import { Foreign } from '../netlink/foreign.ts';
import { NETLINK_SOCK_DIAG } from '../netlink/inet_diag.ts';
import { NetlinkSocket } from '../netlink/socket.ts';
import { type OwnershipFileSystem, trustedFolder, UntrustedError } from '../netlink/trusted.ts';
import { CAP_NET_ADMIN, type Credentials, hasCapability, parseCredentials } from '../procfs/credentials.ts';
import { exists, type FileSystem, KernelFile } from '../procfs/file.ts';
import type { Host } from '../procfs/host.ts';
import { ProblemError, problemErrorOf } from './problem.ts';

/** A channel that can be told of events. */
export interface EventChannel extends Channel {
  /** Sets how many bytes may wait to be received, and returns how many do, as the kernel counts them. */
  setReceiveBuffer(bytes: number): number;
  /** Joins a multicast group. */
  join(group: number): void;
}

/** Bytes of the memory that all channels receive into, as many as the largest receive buffer has. */
export const RECEIVE_MEMORY = 512 * 1024;

/** How much is received at once. */
export interface ReceiveBuffer {
  readonly slots: number;
  /** Bytes of a slot, a multiple of 4. */
  readonly slotSize: number;
}

/**
 * Opens a channel.
 *
 * @throws {ProblemError} when it cannot be opened.
 */
export type Connect = (room: ReceiveBuffer) => EventChannel;

/** The ways to the kernel. */
export interface Access {
  /** To the connection table. */
  readonly ctnetlink: Connect;
  /** To the sockets of the host's own programs. */
  readonly sockDiag: Connect;
}

export interface AccessOptions {
  readonly fs: FileSystem & OwnershipFileSystem;
  readonly host: Host;
  /** The folder of koffi's binary. */
  readonly library: string;
  /** What all channels receive into, {@link RECEIVE_MEMORY} bytes; each has its own if not given. */
  readonly memory?: Buffer<ArrayBuffer>;
}

/**
 * Loads koffi's binary from a folder that the process can trust with what it may do.
 *
 * @throws {UntrustedError} when a user other than root can write there.
 * @throws {OperationError} when it cannot be loaded.
 */
export function loadForeign(fs: FileSystem & OwnershipFileSystem, library: string): Foreign {
  return new Foreign(isFilePrivileged(fs) ? trustedFolder(fs, library) : library);
}

/** Makes the functions that open channels; what they need is loaded when one is called first. */
export function createAccess({ fs, host, library, memory }: AccessOptions): Access {
  let foreign: Foreign | undefined;
  const load = (target: string): Foreign => {
    try {
      foreign ??= loadForeign(fs, library);
      return foreign;
    } catch (error) {
      throw new ProblemError(error instanceof UntrustedError ? 'library_untrusted' : 'library_unusable', target, error);
    }
  };
  const requireHere = (target: string): void => {
    if (!host.isHere) throw new ProblemError('other_namespace', target);
  };
  const requireTracking = (): void => {
    if (!isTracking(fs, host)) throw new ProblemError('tracking_not_loaded', 'ctnetlink');
  };
  return {
    ctnetlink: (room) => {
      requireTracking();
      requireHere('ctnetlink');
      try {
        // Without the capability the library need not be loaded only to be refused.
        if (!isPermitted(fs)) throw refusal();
        const own = load('ctnetlink');
        useCapability(own);
        // It can be unloaded while the socket is open; whoever asked again would have it loaded.
        const socket = { name: 'ctnetlink', protocol: NETLINK_NETFILTER, beforeSend: requireTracking };
        return new NetlinkSocket(own, { ...room, ...socket, memory });
      } catch (error) {
        throw problemErrorOf(error, 'ctnetlink');
      }
    },
    sockDiag: (room) => {
      requireHere('sock_diag');
      try {
        return new NetlinkSocket(load('sock_diag'), {
          ...room,
          name: 'sock_diag',
          protocol: NETLINK_SOCK_DIAG,
          memory,
        });
      } catch (error) {
        throw problemErrorOf(error, 'sock_diag');
      }
    },
  };
}

/** Without the right to it the kernel says the same, later. */
function refusal(cause: unknown = new SystemError(constants.errno.EPERM)): OperationError {
  return new OperationError('open', 'ctnetlink', cause);
}

function useCapability(foreign: Foreign): void {
  try {
    foreign.useCapability(CAP_NET_ADMIN);
  } catch (error) {
    throw refusal(error);
  }
}

/** Whether the process may use CAP_NET_ADMIN, as far as can be told. */
function isPermitted(fs: FileSystem): boolean {
  const own = credentials(fs);
  return own === undefined || hasCapability(own.permitted, CAP_NET_ADMIN);
}

/**
 * Whether the process has CAP_NET_ADMIN because of the file that it runs, and not because of who started it. Where that
 * cannot be told, it may have.
 */
function isFilePrivileged(fs: FileSystem): boolean {
  const own = credentials(fs);
  if (own === undefined) return true;
  const { ambient, permitted, uid } = own;
  return uid !== 0 && hasCapability(permitted, CAP_NET_ADMIN) && !hasCapability(ambient, CAP_NET_ADMIN);
}

function credentials(fs: FileSystem): Credentials | undefined {
  const file = new KernelFile(fs, () => '/proc/self/status');
  try {
    return parseCredentials(file.read().toString('latin1'));
  } catch {
    // Where procfs is hidden, the kernel's answer tells.
    return undefined;
  } finally {
    file.close();
  }
}

/** Any of these is there when connection tracking is, and some are missing in one environment or another. */
export function isTracking(fs: FileSystem, host: Host): boolean {
  const signs = [
    host.netfilter('nf_conntrack_count'),
    host.net('stat/nf_conntrack'),
    host.path('/sys/module/nf_conntrack'),
  ];
  return signs.some((path) => exists(fs, path));
}

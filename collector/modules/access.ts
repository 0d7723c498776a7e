/**
 * The ways of the modules to the kernel over netlink, and what can stand in them.
 *
 * Netlink speaks of the network namespace that the process lives in, so nothing is opened where the host may live in
 * another one. The first question to ctnetlink makes the kernel load connection tracking, so that is not asked where
 * connection tracking is not loaded. Sock_diag makes it load no more than what answers.
 */

import { constants } from 'node:os';

import { describe, FormatError, OperationError, SystemError } from '../base/errors.ts';
import type { Channel } from '../netlink/channel.ts';
import { NETLINK_NETFILTER } from '../netlink/ctnetlink.ts';
import { Foreign } from '../netlink/foreign.ts';
import { NETLINK_SOCK_DIAG } from '../netlink/inet_diag.ts';
import { NetlinkSocket } from '../netlink/socket.ts';
import { type OwnershipFileSystem, trustedFolder, UntrustedError } from '../netlink/trusted.ts';
import { CAP_NET_ADMIN, type Credentials, hasCapability, parseCredentials } from '../procfs/credentials.ts';
import { exists, type FileSystem, KernelFile } from '../procfs/file.ts';
import type { Host } from '../procfs/host.ts';

/** A channel that can be told of events. */
export interface EventChannel extends Channel {
  /** Sets how many bytes may wait to be received, and returns how many do, as the kernel counts them. */
  setReceiveBuffer(bytes: number): number;
  /** Joins a multicast group. */
  join(group: number): void;
}

/** How much is received at once. */
export interface ReceiveBuffer {
  readonly slots: number;
  /** Bytes of a slot, a multiple of 4. */
  readonly slotSize: number;
}

/**
 * Opens a channel.
 *
 * @throws {Obstacle} when there is no way.
 */
export type Connect = (room: ReceiveBuffer) => EventChannel;

/** The ways to the kernel. */
export interface Access {
  /** To the connection table. */
  readonly ctnetlink: Connect;
  /** To the sockets of the host's own programs. */
  readonly sockDiag: Connect;
}

/** The {@link Obstacle.state} where connection tracking is not loaded. */
export const UNLOADED = 'unloaded';

/** Why there is no way. */
export class Obstacle extends Error {
  override readonly name = 'Obstacle';
  /** Equal for as long as nothing changes. */
  readonly state: string;
  /** Whether it is to be expected where connection tracking is not in use, and so not worth a line in the log. */
  readonly isOrdinary: boolean;

  constructor(state: string, message: string, isOrdinary = false) {
    super(message);
    this.state = state;
    this.isOrdinary = isOrdinary;
  }
}

/** What an operator can do about an error, by its code. */
export type Remedies = Readonly<Record<string, string>>;

const NO_PRIVILEGE = 'the plugin lacks the capability CAP_NET_ADMIN; run conntrack.plugin check to see how to give it';
/** What an operator can do where there is no ctnetlink. */
export const NO_CTNETLINK = 'the kernel does not offer ctnetlink: load it with "modprobe nf_conntrack_netlink"';
const NO_SOCK_DIAG = 'the kernel does not offer sock_diag: load it with "modprobe -a tcp_diag udp_diag"';
const SANDBOX = 'a sandbox or a security module keeps the plugin from asking sock_diag';

export const CTNETLINK_REMEDIES: Remedies = {
  EPERM: NO_PRIVILEGE,
  EACCES: NO_PRIVILEGE,
  EPROTONOSUPPORT: NO_CTNETLINK,
  EAFNOSUPPORT: NO_CTNETLINK,
  ENOTSUP: NO_CTNETLINK,
  EINVAL: NO_CTNETLINK,
  ENOENT: NO_CTNETLINK,
};

export const SOCK_DIAG_REMEDIES: Remedies = {
  EPERM: SANDBOX,
  EACCES: SANDBOX,
  EAFNOSUPPORT: SANDBOX,
  EPROTONOSUPPORT: NO_SOCK_DIAG,
  ENOTSUP: NO_SOCK_DIAG,
  EINVAL: NO_SOCK_DIAG,
  ENOENT: NO_SOCK_DIAG,
};

/**
 * What an error on the way to a source means to an operator.
 *
 * @throws whatever it is given that is none: a defect of this program.
 */
export function obstacleOf(error: unknown, remedies: Remedies): Obstacle {
  if (error instanceof Obstacle) return error;
  if (error instanceof FormatError)
    return new Obstacle('malformed', `what the kernel says makes no sense: ${error.message}`);
  if (!(error instanceof OperationError)) throw error;
  const { code = 'unknown' } = error;
  return new Obstacle(code, remedies[code] ?? error.message);
}

export interface AccessOptions {
  readonly fs: FileSystem & OwnershipFileSystem;
  readonly host: Host;
  /** The folder of koffi's binary. */
  readonly library: string;
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
export function createAccess({ fs, host, library }: AccessOptions): Access {
  let foreign: Foreign | undefined;
  const load = (): Foreign => {
    try {
      foreign ??= loadForeign(fs, library);
      return foreign;
    } catch (error) {
      const state = error instanceof UntrustedError ? 'untrusted' : 'foreign';
      throw new Obstacle(state, `the foreign function library cannot be used here: ${describe(error)}`);
    }
  };
  const requireHere = (): void => {
    if (host.isHere) return;
    const message = 'the plugin is not known to live in the network namespace of the host: run the agent in it';
    throw new Obstacle('elsewhere', message);
  };
  const requireTracking = (): void => {
    if (!isTracking(fs, host)) throw new Obstacle(UNLOADED, 'connection tracking is not loaded', true);
  };
  return {
    ctnetlink: (room) => {
      requireTracking();
      requireHere();
      try {
        // Without the capability the library need not be loaded only to be refused.
        if (!isPermitted(fs)) throw refusal();
        const own = load();
        useCapability(own);
        // It can be unloaded while the socket is open; whoever asked again would have it loaded.
        const socket = { name: 'ctnetlink', protocol: NETLINK_NETFILTER, beforeSend: requireTracking };
        return new NetlinkSocket(own, { ...room, ...socket });
      } catch (error) {
        throw obstacleOf(error, CTNETLINK_REMEDIES);
      }
    },
    sockDiag: (room) => {
      requireHere();
      try {
        return new NetlinkSocket(load(), { ...room, name: 'sock_diag', protocol: NETLINK_SOCK_DIAG });
      } catch (error) {
        throw obstacleOf(error, SOCK_DIAG_REMEDIES);
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

/**
 * Requests to sock_diag for Internet sockets, and its replies. They need no privilege.
 * Source: sock_diag(7), linux/sock_diag.h, linux/inet_diag.h and the kernel's net/tcp_states.h.
 */

import { FormatError } from '../base/errors.ts';
import type { Memory } from './channel.ts';
import type { MessageReader } from './message.ts';

/** The netlink protocol of sock_diag. */
export const NETLINK_SOCK_DIAG = 4;

/** Message types of requests. The first predates sock_diag and covers all address families. */
export const TCPDIAG_GETSOCK = 18;
export const SOCK_DIAG_BY_FAMILY = 20;

/** Sizes of `struct inet_diag_req`, `inet_diag_req_v2` and `inet_diag_msg`. */
const REQUEST = 60;
const REQUEST_V2 = 56;
const MESSAGE = 72;

/** The highest socket state. */
const LAST_STATE = 12;

/**
 * One bit for each state from 1 to {@link LAST_STATE}. The last includes half-open connections, which are reported as
 * SYN_RECV. The next bit is excluded: sockets that are only bound, which only the newest kernels list.
 */
const EVERY_STATE = 2 ** (LAST_STATE + 1) - 2;

/** `struct inet_diag_req` for all TCP sockets of all address families. */
export function tcpRequest(): Uint8Array {
  const words = new Uint32Array(REQUEST / 4);
  words[13] = EVERY_STATE;
  return new Uint8Array(words.buffer);
}

/** `struct inet_diag_req_v2` for all sockets of an address family and a protocol. */
export function inetRequest(family: number, protocol: number): Uint8Array {
  const words = new Uint32Array(REQUEST_V2 / 4);
  words[1] = EVERY_STATE;
  const bytes = new Uint8Array(words.buffer);
  bytes[0] = family;
  bytes[1] = protocol;
  return bytes;
}

/** Reusable decoder; each read overwrites it. */
export class InetSocket {
  /** The address family, `AF_INET` or `AF_INET6`. */
  family = 0;
  /** The number of the state. */
  state = 0;
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /**
   * Decodes the socket in a message.
   *
   * @throws {FormatError} when it is truncated.
   */
  read({ end, start }: MessageReader): void {
    if (end - start < MESSAGE) throw new FormatError(`a socket of ${end - start} bytes, not ${MESSAGE}`);
    this.family = this.#memory.bytes[start] ?? 0;
    this.state = this.#memory.bytes[start + 1] ?? 0;
  }
}

/**
 * What sock_diag is asked for sockets of the Internet protocols, and what it says of each. Every user may ask.
 * Source: sock_diag(7), linux/sock_diag.h, linux/inet_diag.h, and net/tcp_states.h of the kernel.
 */

import { FormatError } from '../base/errors.ts';
import type { Memory } from './channel.ts';
import type { MessageReader } from './message.ts';

/** The netlink protocol of sock_diag. */
export const NETLINK_SOCK_DIAG = 4;

/** Message types of requests. The first is older than sock_diag, and takes every address family at once. */
export const TCPDIAG_GETSOCK = 18;
export const SOCK_DIAG_BY_FAMILY = 20;

/** Sizes of `struct inet_diag_req`, `inet_diag_req_v2` and `inet_diag_msg`. */
const REQUEST = 60;
const REQUEST_V2 = 56;
const MESSAGE = 72;

/** The highest number of a socket's state. */
const LAST_STATE = 12;

/**
 * A bit for each state from 1 to {@link LAST_STATE}. The last is that of half-open connections, which are then told as
 * SYN_RECV. The bit above them is left out: sockets that are merely bound, which only the newest kernels list.
 */
const EVERY_STATE = 2 ** (LAST_STATE + 1) - 2;

/** `struct inet_diag_req`: every TCP socket, of every address family. */
export function tcpRequest(): Uint8Array {
  const words = new Uint32Array(REQUEST / 4);
  words[13] = EVERY_STATE;
  return new Uint8Array(words.buffer);
}

/** `struct inet_diag_req_v2`: every socket of an address family and a protocol. */
export function inetRequest(family: number, protocol: number): Uint8Array {
  const words = new Uint32Array(REQUEST_V2 / 4);
  words[1] = EVERY_STATE;
  const bytes = new Uint8Array(words.buffer);
  bytes[0] = family;
  bytes[1] = protocol;
  return bytes;
}

/** Reads one socket after the other into itself. */
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
   * Reads the socket that a message describes.
   *
   * @throws {FormatError} when it is not whole.
   */
  read({ end, start }: MessageReader): void {
    if (end - start < MESSAGE) throw new FormatError(`a socket of ${end - start} bytes, not ${MESSAGE}`);
    this.family = this.#memory.bytes[start] ?? 0;
    this.state = this.#memory.bytes[start + 1] ?? 0;
  }
}

/**
 * Requests to conntrackd, read-only by construction: other codes flush caches, write connections into the kernel, or stop
 * the daemon.
 * Source: include/conntrackd.h of conntrack-tools 1.4.
 */

/** The code of each kind of statistics. */
export const REQUESTS = {
  /** Caches of connections, the traffic of ended connections, the link and its messages. */
  ct: 21,
  /** Lost and malformed messages. */
  network: 28,
  /** Caches of connections in detail. */
  cache: 29,
  /** The daemon itself: its uptime, its netlink sockets, its child processes. */
  runtime: 30,
  /** Links to the other firewall. */
  link: 31,
  /** Messages that wait for an acknowledgement, one per line. */
  rsqueue: 32,
  /** Child processes. */
  process: 35,
  /** Queues of messages. */
  queue: 36,
  /** Caches of expectations. */
  expect: 37,
} as const;

export type Request = keyof typeof REQUESTS;

/** The bytes of a request: its code as a 32-bit integer in the host's byte order. */
export function requestBytes(request: Request): Uint8Array {
  // An unknown request would become code 0, which flushes the kernel's table.
  if (!Object.hasOwn(REQUESTS, request)) throw new TypeError(`no request: ${request}`);
  return new Uint8Array(Int32Array.of(REQUESTS[request]).buffer);
}

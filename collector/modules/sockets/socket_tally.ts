/** Counts the sockets of one kernel list by state. */

import { FormatError } from '../../base/errors.ts';

/** The kernel's lists, by their file names in `/proc/net`: one per protocol and address family. */
export const TABLES = ['tcp', 'tcp6', 'udp', 'udp6'] as const;

export type Table = (typeof TABLES)[number];

/**
 * The kernel's names of TCP states, by their numbers from 1. Source: net/tcp_states.h of the kernel.
 *
 * It reports sockets in the last state as `syn_recv`.
 */
const TCP_NAMES = [
  ...['established', 'syn_sent', 'syn_recv', 'fin_wait1', 'fin_wait2', 'time_wait'],
  ...['close', 'close_wait', 'last_ack', 'listen', 'closing', 'new_syn_recv'],
];
const TCP_STATES: ReadonlyMap<number, string> = new Map(TCP_NAMES.map((name, index) => [index + 1, name]));

/** The two states of a UDP socket: with or without a peer. */
const UDP_STATES: ReadonlyMap<number, string> = new Map([
  [1, 'connected'],
  [7, 'unconnected'],
]);

const STATES: Readonly<Record<Table, ReadonlyMap<number, string>>> = {
  tcp: TCP_STATES,
  tcp6: TCP_STATES,
  udp: UDP_STATES,
  udp6: UDP_STATES,
};

export class SocketTally {
  readonly table: Table;
  readonly #states: ReadonlyMap<number, string>;
  /** By the number of the state. */
  readonly #counts = new Float64Array(16);

  constructor(table: Table) {
    this.table = table;
    this.#states = STATES[table];
  }

  /** Sockets counted. */
  get sockets(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /**
   * Counts a socket.
   *
   * @param state the number of its state.
   * @throws {FormatError} when sockets of this list have no such state.
   */
  add(state: number): void {
    if (!this.#states.has(state)) throw new FormatError(`${this.table} socket in unknown state ${state}`);
    this.#counts[state] = (this.#counts[state] ?? 0) + 1;
  }

  /** Writes the counts into `values`, by metric. */
  fill(values: Record<string, number | undefined>): void {
    for (const [state, name] of this.#states) values[`socket_${name}`] = this.#counts[state];
  }
}

/** Counts the sockets of one kernel list by state. */

import { FormatError } from '../../base/errors.ts';

/** The kernel's lists, by their file names in `/proc/net`: one per protocol and address family. */
export const TABLES = ['tcp', 'tcp6', 'udp', 'udp6'] as const;

export type Table = (typeof TABLES)[number];

/**
 * The kernel's names of TCP states, by their numbers. Source: net/tcp_states.h of the kernel.
 *
 * It reports sockets in the last state as `syn_recv`.
 */
const TCP_STATES: ReadonlyMap<number, string> = new Map([
  [1, 'established'],
  [2, 'syn_sent'],
  [3, 'syn_recv'],
  [4, 'fin_wait1'],
  [5, 'fin_wait2'],
  [6, 'time_wait'],
  [7, 'close'],
  [8, 'close_wait'],
  [9, 'last_ack'],
  [10, 'listen'],
  [11, 'closing'],
  [12, 'new_syn_recv'],
]);

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

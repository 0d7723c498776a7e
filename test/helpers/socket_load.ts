/**
 * TCP sockets on the laboratory's router, opened by the client: those of a healthy busy host, or of leaks and floods.
 * The connections are not tracked, so the router's table has only entries of the test.
 */

import { isIPv6 } from 'node:net';

import type { Laboratory } from './laboratory.ts';
import { SocketHolder } from './sockets.ts';

const PORTS = { healthy: 7401, half_closed: 7402, half_open: 7403, neglected: 7404, visits: 7405 } as const;

/** Seconds of a round of a busy host, and of the delay of late closes in it. */
const ROUND = 5;
const LATE = 1.5;

export class SocketLoad {
  readonly #laboratory: Laboratory;
  readonly #address: string;
  readonly #router: SocketHolder;
  readonly #client: SocketHolder;
  /** The protocol's name in rules. */
  readonly #family: 'ip' | 'ip6';
  #leaks = 0;

  /**
   * Starts the processes, which exit after `seconds`.
   *
   * @param address the router's, on the client's side.
   */
  constructor(laboratory: Laboratory, address: string, seconds: number) {
    this.#laboratory = laboratory;
    this.#address = address;
    this.#family = isIPv6(address) ? 'ip6' : 'ip';
    this.#router = new SocketHolder(laboratory, 'router', seconds);
    this.#client = new SocketHolder(laboratory, 'client', seconds);
  }

  /** Opens connections that stay open, and others that the client closes but the router does not. */
  async begin(established: number, neglected: number): Promise<void> {
    const untracked = `${PORTS.healthy}-${PORTS.visits}`;
    this.#laboratory.addRules(
      'router',
      `table ${this.#family} untracked {
        chain before { type filter hook prerouting priority raw; policy accept; tcp dport ${untracked} notrack; }
        chain output { type filter hook output priority raw; policy accept; tcp sport ${untracked} notrack; }
      }`,
    );
    this.#laboratory.addRules(
      'client',
      `table ${this.#family} unheard {
        chain input { type filter hook input priority 0; policy accept; }
      }`,
    );
    for (const group of ['healthy', 'half_closed', 'half_open', 'neglected'] as const) {
      await this.#router.do('listen', group, this.#address, PORTS[group]);
    }
    await this.#router.do('serve', this.#address, PORTS.visits);
    await this.#client.do('connect', 'healthy', this.#address, PORTS.healthy, established);
    await this.#client.do('connect', 'neglected', this.#address, PORTS.neglected, neglected);
    await this.#client.do('end', 'neglected');
  }

  /**
   * Simulates a busy host for rounds of five seconds: up to `rate` short connections per second, and in every round
   * `closedLate` that the router closes late and `halfOpen` that are half-open for a while.
   */
  async busy(rounds: number, rate: number, closedLate: number, halfOpen: number): Promise<void> {
    const lasting = rounds * ROUND;
    const visits = this.#client.do('visit', this.#address, PORTS.visits, rate * lasting, rate, lasting);
    for (let round = 0; round < rounds; round++) {
      await this.leak(closedLate);
      await this.halfOpen(halfOpen);
      await seconds(LATE);
      await Promise.all([this.#router.do('close', 'half_closed'), this.#client.do('close', 'half_open')]);
      // The client now gets segments of connections that it has closed, and resets these.
      this.#laboratory.addRules('client', `flush chain ${this.#family} unheard input`);
      await seconds(ROUND - LATE);
    }
    await visits;
  }

  /** Opens connections that the client closes at once, and the router does not. */
  async leak(count: number): Promise<void> {
    const group = `leaked${this.#leaks++}`;
    await this.#client.do('connect', group, this.#address, PORTS.half_closed, count);
    await this.#client.do('end', group);
  }

  /** Opens half-open connections: the router's answers are dropped, and it gives up after a minute. */
  halfOpen(count: number): Promise<void> {
    const rule = `add rule ${this.#family} unheard input tcp sport ${PORTS.half_open} drop`;
    this.#laboratory.addRules('client', rule);
    return this.#client.do('try', 'half_open', this.#address, PORTS.half_open, count);
  }

  async close(): Promise<void> {
    await Promise.all([this.#router.close(), this.#client.close()]);
  }
}

function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * 1000));
}

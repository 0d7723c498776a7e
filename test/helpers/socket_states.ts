/**
 * Sockets in every state that the kernel reports, on the laboratory's router: a different number of each, over IPv4, over
 * IPv6, and over IPv4 on IPv6 sockets.
 *
 * The client is at the other end, except of unanswered connections. TIME_WAIT and orphans in FIN_WAIT2 last a minute.
 */

import { BLACK_HOLE, type Laboratory, ROUTER_ADDRESS, SERVER_ADDRESS, SERVER_ADDRESS_6 } from './laboratory.ts';
import { type SocketCounts, SocketHolder } from './sockets.ts';

/** How connections get into a state; `held` and `orphaned` are FIN_WAIT2, with and without a process. */
type Way =
  | 'established'
  | 'close_wait'
  | 'held'
  | 'orphaned'
  | 'time_wait'
  | 'syn_recv'
  | 'fin_wait1'
  | 'closing'
  | 'last_ack';

interface Flavour {
  /** Where the router listens, and where the client finds it. */
  readonly listen: string;
  readonly address: string;
  /** An address that answers nothing at the port {@link BLACK_HOLE}. */
  readonly nowhere: string;
  readonly firstPort: number;
  readonly connections: Readonly<Record<Way | 'syn_sent', number>>;
}

/** One for every way, and these. */
const MORE_LISTENERS = 11;

const FLAVOURS: Readonly<Record<'ipv4' | 'ipv6' | 'mapped', Flavour>> = {
  ipv4: {
    listen: ROUTER_ADDRESS,
    address: ROUTER_ADDRESS,
    nowhere: SERVER_ADDRESS,
    firstPort: 7100,
    connections: {
      established: 41,
      close_wait: 7,
      held: 5,
      orphaned: 6,
      time_wait: 13,
      syn_sent: 9,
      syn_recv: 17,
      last_ack: 4,
      fin_wait1: 8,
      closing: 3,
    },
  },
  ipv6: {
    listen: 'fd77:1::1',
    address: 'fd77:1::1',
    nowhere: SERVER_ADDRESS_6,
    firstPort: 7200,
    connections: {
      established: 31,
      close_wait: 12,
      held: 14,
      orphaned: 2,
      time_wait: 19,
      syn_sent: 10,
      syn_recv: 29,
      last_ack: 15,
      fin_wait1: 21,
      closing: 26,
    },
  },
  mapped: {
    listen: '::',
    address: ROUTER_ADDRESS,
    nowhere: `::ffff:${SERVER_ADDRESS}`,
    firstPort: 7300,
    connections: {
      established: 6,
      close_wait: 2,
      held: 1,
      orphaned: 5,
      time_wait: 4,
      syn_sent: 1,
      syn_recv: 3,
      last_ack: 3,
      fin_wait1: 7,
      closing: 1,
    },
  },
};

const WAYS = [
  'established',
  'close_wait',
  'held',
  'orphaned',
  'time_wait',
  'syn_recv',
  'fin_wait1',
  'closing',
  'last_ack',
] as const satisfies readonly Way[];
/** The ways for which the router's segments must be dropped. */
const UNHEARD = ['syn_recv', 'fin_wait1', 'closing', 'last_ack'] as const satisfies readonly Way[];

const UDP = { udp: { connected: 16, unconnected: 24 }, udp6: { connected: 25 + 3, unconnected: 32 } } as const;

/** Longer than any of the tests. */
const SECONDS = 300;

export class SocketStates {
  readonly #laboratory: Laboratory;
  readonly #router: SocketHolder;
  readonly #client: SocketHolder;

  constructor(laboratory: Laboratory) {
    this.#laboratory = laboratory;
    this.#router = new SocketHolder(laboratory, 'router', SECONDS);
    this.#client = new SocketHolder(laboratory, 'client', SECONDS);
  }

  /** The expected number of sockets in each state. */
  static get expected(): SocketCounts {
    return {
      tcp: counts(FLAVOURS.ipv4),
      tcp6: sum(counts(FLAVOURS.ipv6), counts(FLAVOURS.mapped)),
      udp: UDP.udp,
      udp6: UDP.udp6,
    };
  }

  /** Makes all sockets; each reaches its state a moment later. */
  async make(): Promise<void> {
    const flavours = Object.entries(FLAVOURS);
    // Otherwise a late segment to a closed end causes a reset, which ends TIME_WAIT at the other end.
    this.#laboratory.run('router', ['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/tcp_rfc1337']);
    await Promise.all([this.#bind(), ...flavours.map(([name, flavour]) => this.#connect(name, flavour))]);
    const ports = flavours.flatMap(([, flavour]) => UNHEARD.map((way) => portOf(flavour, way)));
    this.#laboratory.addRules(
      'client',
      `table inet unheard {
        chain input { type filter hook input priority 0; policy accept; tcp sport { ${ports.join(', ')} } drop; }
      }`,
    );
    await Promise.all(flavours.map(([name, flavour]) => this.#abandon(name, flavour)));
  }

  /** Connections whose ends exchange all segments. */
  async #connect(name: string, flavour: Flavour): Promise<void> {
    const [router, client] = [this.#router, this.#client];
    const group = (way: Way): string => `${name}-${way}`;
    const listeners = Array.from({ length: MORE_LISTENERS }, (_, more) => flavour.firstPort + WAYS.length + more);
    await Promise.all([
      ...WAYS.map((way) => router.do('listen', group(way), flavour.listen, portOf(flavour, way))),
      ...listeners.map((port) => router.do('listen', `${name}-more`, flavour.listen, port)),
    ]);
    const made = WAYS.filter((way) => way !== 'syn_recv').flatMap((way) => [
      client.do('connect', group(way), flavour.address, portOf(flavour, way), flavour.connections[way]),
      router.do('accepted', group(way), flavour.connections[way]),
    ]);
    await Promise.all(made);
    await Promise.all([
      client.do('end', group('close_wait')),
      client.do('end', group('last_ack')),
      router.do('end', group('held')),
      router.do('close', group('orphaned')),
      router.do('close', group('time_wait')).then(() => client.do('close', group('time_wait'))),
    ]);
  }

  /** Connections with dropped segments, and unanswered ones. */
  async #abandon(name: string, flavour: Flavour): Promise<void> {
    const [router, client] = [this.#router, this.#client];
    const { address, connections, nowhere } = flavour;
    await Promise.all([
      client.do('try', `${name}-syn_recv`, address, portOf(flavour, 'syn_recv'), connections.syn_recv),
      router.do('try', `${name}-syn_sent`, nowhere, BLACK_HOLE, connections.syn_sent),
      router.do('close', `${name}-fin_wait1`),
      router.do('close', `${name}-last_ack`),
      router.do('close', `${name}-closing`).then(() => client.do('close', `${name}-closing`)),
    ]);
  }

  async #bind(): Promise<void> {
    const bind = (...words: (string | number)[]): Promise<void> => this.#router.do('bind', 'udp', ...words);
    await Promise.all([
      bind('udp4', '0.0.0.0', UDP.udp.unconnected),
      bind('udp4', '0.0.0.0', UDP.udp.connected, SERVER_ADDRESS, BLACK_HOLE),
      bind('udp6', '::', UDP.udp6.unconnected),
      bind('udp6', '::', 25, SERVER_ADDRESS_6, BLACK_HOLE),
      bind('udp6', '::', 3, `::ffff:${SERVER_ADDRESS}`, BLACK_HOLE),
    ]);
  }
}

function portOf(flavour: Flavour, way: Way): number {
  return flavour.firstPort + WAYS.indexOf(way);
}

/** The expected counts of a flavour of connections. */
function counts({ connections }: Flavour): Record<string, number> {
  const { held, orphaned, ...others } = connections;
  return {
    ...others,
    fin_wait2: held + orphaned,
    close: 0,
    listen: WAYS.length + MORE_LISTENERS,
    new_syn_recv: 0,
  };
}

function sum(one: Readonly<Record<string, number>>, other: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(one).map(([state, count]) => [state, count + (other[state] ?? 0)]));
}

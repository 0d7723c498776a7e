/** The sockets that record_netlink.ts records: in every state that lasts, over IPv4 and IPv6. */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, connect as open, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { run } from './conntrack.ts';
import { until } from './until.ts';

/** Ports of servers whose connections stay in a state that is usually short, and the drops that keep them there. */
const PORTS = { free: 9000, silent: 9001, unanswered: 9002, endless: 9003, unended: 9004, both: 9005 };
export const HOLDS = `
table inet holds {
  chain in {
    type filter hook input priority 0;
    tcp dport ${PORTS.silent} drop
    tcp sport ${PORTS.unanswered} tcp flags & (syn | ack) == syn | ack drop
    tcp dport ${PORTS.endless} tcp flags & fin == fin drop
    tcp sport ${PORTS.unended} tcp flags & fin == fin drop
  }
}
`;

/** The states to record in both address families, as `ss` prints them. */
const SOCKET_STATES = [
  ...['ESTAB', 'SYN-SENT', 'SYN-RECV', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT'],
  ...['CLOSE-WAIT', 'LAST-ACK', 'LISTEN', 'CLOSING'],
];

/** Milliseconds, longer than a delayed acknowledgement, which must not be dropped with a FIN. */
const DELAYED_ACK = 60;

/** Numbers of connections of each kind and of UDP sockets, chosen so that no two states have the same number. */
interface Traffic {
  readonly established: number;
  readonly halfClosed: number;
  readonly closed: number;
  readonly synSent: number;
  readonly synReceived: number;
  readonly ending: number;
  readonly closing: number;
  readonly lastAck: number;
  readonly udpUnconnected: number;
  readonly udpConnected: number;
}

const TRAFFIC: Readonly<Record<'127.0.0.1' | '::1', Traffic>> = {
  '127.0.0.1': {
    ...{ established: 6, halfClosed: 1, closed: 5, synSent: 6, synReceived: 3, ending: 2, closing: 8, lastAck: 7 },
    ...{ udpUnconnected: 4, udpConnected: 7 },
  },
  '::1': {
    ...{ established: 7, halfClosed: 5, closed: 3, synSent: 6, synReceived: 4, ending: 6, closing: 7, lastAck: 2 },
    ...{ udpUnconnected: 5, udpConnected: 3 },
  },
};

/** Connections from IPv4 to an IPv6 server: each end counts in its own family. */
const MIXED = 3;

/** The output of `ss` for a protocol, `t` or `u`, without trailing blanks. */
export function socketsText(protocol: 't' | 'u'): string {
  return run(['ss', `-an${protocol}H`]).replaceAll(/ +$/gm, '');
}

/** Makes sockets in every state that lasts; resolves, once they are in it, to a function that closes them. */
export async function makeSockets(): Promise<() => void> {
  const sockets = new Sockets();
  for (const [host, of] of Object.entries(TRAFFIC)) {
    const { closed, closing, ending, established, halfClosed, lastAck, synReceived, synSent } = of;
    for (const port of [PORTS.free, PORTS.unanswered, PORTS.endless, PORTS.unended]) await sockets.listen(port, host);
    await sockets.connect(established, PORTS.free, host, []);
    await sockets.connect(halfClosed, PORTS.free, host, ['client']);
    await sockets.connect(closed, PORTS.free, host, ['client', 'served']);
    await sockets.connect(ending, PORTS.endless, host, ['client']);
    await sockets.connect(closing, PORTS.endless, host, ['client', 'served']);
    await sockets.connect(lastAck, PORTS.unended, host, ['client', 'served']);
    sockets.knock(synSent, PORTS.silent, host);
    sockets.knock(synReceived, PORTS.unanswered, host);
    await sockets.udp(host, of);
  }
  await sockets.listen(PORTS.both, '::');
  await sockets.connect(MIXED, PORTS.both, '127.0.0.1', ['client']);
  await until('every state exists', 5, () => {
    const lines = socketsText('t').split('\n');
    const isThere = (state: string, isInet6: boolean): boolean =>
      lines.some((line) => line.startsWith(`${state} `) && /^\S+ +\d+ +\d+ +[[*]/.test(line) === isInet6);
    return SOCKET_STATES.every((state) => isThere(state, false) && isThere(state, true));
  });
  return () => sockets.end();
}

/** Sockets of this process. */
class Sockets {
  readonly #servers = new Map<string, Server>();
  readonly #ends: (() => void)[] = [];

  async listen(port: number, host: string): Promise<void> {
    const server = createServer({ allowHalfOpen: true }).listen(port, host);
    this.#servers.set(`${host === '::' ? '127.0.0.1' : host} ${port}`, server);
    this.#ends.push(() => server.close());
    await once(server, 'listening');
  }

  /** Makes connections, and ends the given sides of each, in this order. */
  async connect(count: number, port: number, host: string, ended: readonly ('client' | 'served')[]): Promise<void> {
    for (let index = 0; index < count; index++) {
      const ends = await this.#connection(port, host);
      for (const side of ended) {
        ends[side].end();
        await once(ends[side], 'finish');
        await sleep(DELAYED_ACK);
      }
    }
  }

  /** Starts connections that are not answered. */
  knock(count: number, port: number, host: string): void {
    for (let index = 0; index < count; index++) this.#keep(open({ port, host }));
  }

  async udp(host: string, { udpConnected, udpUnconnected }: Traffic): Promise<void> {
    for (let index = 0; index < udpConnected + udpUnconnected; index++) {
      const socket = createSocket(host === '::1' ? 'udp6' : 'udp4');
      this.#ends.push(() => socket.close());
      socket.bind(0, host);
      await once(socket, 'listening');
      if (index >= udpConnected) continue;
      socket.connect(53, host);
      await once(socket, 'connect');
    }
  }

  end(): void {
    for (const end of this.#ends) end();
  }

  async #connection(port: number, host: string): Promise<Readonly<Record<'client' | 'served', Socket>>> {
    const server = this.#servers.get(`${host} ${port}`);
    if (server === undefined) throw new Error(`no server at ${host} ${port}`);
    const client = open({ port, host, allowHalfOpen: true });
    const [served]: Socket[] = await once(server, 'connection');
    if (served === undefined) throw new Error('a connection without an end');
    for (const socket of [client, served]) this.#keep(socket.resume());
    return { client, served };
  }

  #keep(socket: Socket): void {
    // The namespace can be removed before the last one closes.
    socket.on('error', () => undefined);
    this.#ends.push(() => socket.destroy());
  }
}

/** Counts sockets over sock_diag, which returns them as binary records. Needs no privilege. */

import { FormatError } from '../../base/errors.ts';
import type { Channel } from '../../netlink/channel.ts';
import { Exchange, type Visitor } from '../../netlink/exchange.ts';
import { AF_INET, AF_INET6 } from '../../netlink/inet.ts';
import { InetSocket } from '../../netlink/inet_diag.ts';
import type { Connect } from '../access.ts';
import type { Work } from '../slices.ts';
import { SocketTally } from './socket_tally.ts';

/** The kernel sends at most 32 KiB of a dump at once. */
const MEMORY = { slots: 4, slotSize: 32 * 1024 };

/** Kept from one count to the next. */
interface Connection {
  readonly channel: Channel;
  readonly exchange: Exchange;
  readonly socket: InetSocket;
}

export class DiagSource {
  readonly #connect: Connect;
  #connection: Connection | undefined;

  constructor(connect: Connect) {
    this.#connect = connect;
  }

  /**
   * Counts all sockets of both protocols and both address families. The caller closes the source after an error.
   *
   * @throws {ProblemError} when no channel can be opened.
   * @throws {OperationError} when a request fails.
   * @throws {FormatError} when a reply is malformed.
   */
  *count(): Work<SocketTally[]> {
    this.#connection ??= connected(this.#connect(MEMORY));
    const { exchange, socket } = this.#connection;
    const [tcp, tcp6, udp, udp6] = [
      new SocketTally('tcp'),
      new SocketTally('tcp6'),
      new SocketTally('udp'),
      new SocketTally('udp6'),
    ];
    // A list that changed during the dump is accepted.
    yield* exchange.steps('tcpSockets', counting(socket, { [AF_INET]: tcp, [AF_INET6]: tcp6 }));
    yield;
    yield* exchange.steps('udpSockets', counting(socket, { [AF_INET]: udp }));
    yield;
    yield* exchange.steps('udp6Sockets', counting(socket, { [AF_INET6]: udp6 }));
    return [tcp, tcp6, udp, udp6];
  }

  close(): void {
    this.#connection?.channel.close();
    this.#connection = undefined;
  }
}

function connected(channel: Channel): Connection {
  return { channel, exchange: new Exchange(channel), socket: new InetSocket(channel.memory) };
}

/** Counts the socket of each message in the tally of its address family. */
function counting(socket: InetSocket, tallies: Readonly<Record<number, SocketTally>>): Visitor {
  return (message) => {
    socket.read(message);
    const tally = tallies[socket.family];
    // Sockets of another family would be counted twice.
    if (tally === undefined) throw new FormatError(`unrequested socket of address family ${socket.family}`);
    tally.add(socket.state);
  };
}

/** A host in memory with sockets, which its kernel reports over sock_diag and in the lists below `/proc/net`. */

import { Volume } from 'memfs';
import { vi } from 'vitest';

import type { Connect } from '../../collector/modules/access.ts';
import { type SocketTally, TABLES, type Table } from '../../collector/modules/sockets/socket_tally.ts';
import type { FileSystem } from '../../collector/procfs/file.ts';
import { diagnosed, done, FakeChannel, type Message, type Receipt } from './netlink_channel.ts';
import { inStates, listText } from './socket_lists.ts';

/** The states of the sockets of each list; a list that is not given does not exist. */
export type SocketStates = Partial<Readonly<Record<Table, readonly number[]>>>;

type SocketQuestion = 'tcpSockets' | 'udpSockets' | 'udp6Sockets';

const INET = { tcp: 2, tcp6: 10, udp: 2, udp6: 10 };
/** Sockets per datagram. */
const IN_DATAGRAM = 3;

export class SocketHost {
  readonly volume = new Volume();
  /** Every channel that was opened, in order. */
  readonly channels: FakeChannel[] = [];
  /** Every list that was opened, in order. */
  readonly opened: string[] = [];
  /** Thrown instead of opening a channel. */
  failure: unknown;
  /** Replaces some replies. */
  readonly answers: Partial<Record<SocketQuestion, readonly Receipt[]>> = {};
  /** Called before a datagram is received or a file is read. */
  onRead: () => void = () => undefined;
  /** The most bytes per read of a file. */
  mostRead = Number.POSITIVE_INFINITY;
  /** Error codes of opening files, by path. */
  readonly refusals = new Map<string, string>();
  /** Error codes of `stat`, by path. */
  readonly hidden = new Map<string, string>();
  #descriptors = 0;
  #states: SocketStates = {};

  constructor(states: SocketStates) {
    this.become(states);
    this.#watch();
  }

  /** Replaces all sockets. */
  become(states: SocketStates): void {
    this.#states = states;
    this.volume.mkdirSync('/proc/net', { recursive: true });
    for (const table of TABLES) {
      const list = states[table];
      if (list === undefined) this.volume.rmSync(`/proc/net/${table}`, { force: true });
      else this.volume.writeFileSync(`/proc/net/${table}`, listText(table, inStates(...list)));
    }
  }

  /** Opens a channel. */
  readonly connect: Connect = (room) => {
    if (this.failure !== undefined) throw this.failure;
    const around = new Uint8Array(room.slotSize).fill(0xff);
    const channel = new FakeChannel({ ...room, around, name: 'sock_diag' });
    channel.replyWith('tcpSockets', () => this.#answer('tcpSockets', 18, 'tcp', 'tcp6'));
    channel.replyWith('udpSockets', () => this.#answer('udpSockets', 20, 'udp'));
    channel.replyWith('udp6Sockets', () => this.#answer('udp6Sockets', 20, 'udp6'));
    const receive = channel.receive.bind(channel);
    vi.spyOn(channel, 'receive').mockImplementation(() => {
      this.onRead();
      return receive();
    });
    this.channels.push(channel);
    return channel;
  };

  /** Open descriptors and channels. */
  get held(): number {
    return this.#descriptors + this.channels.filter(({ isClosed }) => !isClosed).length;
  }

  /** Requests for TCP sockets over all channels: one for each count. */
  get asked(): number {
    return this.channels.reduce((sum, channel) => sum + channel.timesAsked('tcpSockets'), 0);
  }

  #answer(question: SocketQuestion, type: number, ...tables: readonly Table[]): readonly Receipt[] {
    const answer = this.answers[question];
    if (answer !== undefined) return answer;
    const all: Message[] = tables.flatMap((table) =>
      (this.#states[table] ?? []).map((state) => diagnosed({ family: INET[table], state, type })),
    );
    const receipts: Receipt[] = [];
    for (let at = 0; at < all.length; at += IN_DATAGRAM) receipts.push([all.slice(at, at + IN_DATAGRAM)]);
    return [...receipts, [done()]];
  }

  #watch(): void {
    const open = this.volume.openSync.bind(this.volume);
    const stat: FileSystem['statSync'] = this.volume.statSync.bind(this.volume);
    const read: FileSystem['readSync'] = this.volume.readSync.bind(this.volume);
    const close = this.volume.closeSync.bind(this.volume);
    vi.spyOn(this.volume, 'openSync').mockImplementation((path, flags) => {
      if (!String(path).includes('sockstat')) this.opened.push(String(path));
      const code = this.refusals.get(String(path));
      if (code !== undefined) throw Object.assign(new Error(`${code}: refused`), { code });
      const descriptor = open(path, flags);
      this.#descriptors++;
      return descriptor;
    });
    const hiding: FileSystem['statSync'] = (path) => {
      const code = this.hidden.get(path);
      if (code !== undefined) throw Object.assign(new Error(`${code}: hidden`), { code });
      return stat(path);
    };
    vi.spyOn<FileSystem, 'statSync'>(this.volume, 'statSync').mockImplementation(hiding);
    const limited: FileSystem['readSync'] = (descriptor, buffer, offset, length, position) => {
      this.onRead();
      return read(descriptor, buffer, offset, Math.min(length, this.mostRead), position);
    };
    vi.spyOn<FileSystem, 'readSync'>(this.volume, 'readSync').mockImplementation(limited);
    vi.spyOn(this.volume, 'closeSync').mockImplementation((descriptor) => {
      this.#descriptors--;
      close(descriptor);
    });
  }
}

/** Sockets in several states, and the number in each state. */
export const SOCKETS: SocketStates = {
  tcp: [10, 1, 1, 1, 2, 12, 6, 6],
  tcp6: [10, 10, 8, 8, 8, 8, 8, 3],
  udp: [7, 7, 7, 1],
  udp6: [1, 1, 7],
};
export const COUNTS = {
  tcp: { listen: 1, established: 3, syn_sent: 1, new_syn_recv: 1, time_wait: 2 },
  tcp6: { listen: 2, close_wait: 5, syn_recv: 1 },
  udp: { unconnected: 3, connected: 1 },
  udp6: { connected: 2, unconnected: 1 },
};

/** The counts other than 0, by list and state. */
export function counted(tallies: readonly SocketTally[]): Record<string, Record<string, number>> {
  return Object.fromEntries(
    tallies.map((tally) => {
      const values: Record<string, number | undefined> = {};
      tally.fill(values);
      const known = Object.entries(values).flatMap(([metric, value = 0]) =>
        value === 0 ? [] : [[metric.replace('socket_', ''), value] as const],
      );
      return [tally.table, Object.fromEntries(known)];
    }),
  );
}

/** Runs work to its end without a pause. */
export function finish<T>(work: Generator<void, T, void>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

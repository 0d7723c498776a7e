/** A kernel for live answers: its table, its expectations and its events, as messages of ctnetlink. */

import { parseNetwork } from '../../collector/base/cidr.ts';
import type { Answer, Cell } from '../../collector/functions/answer.ts';
import type { Arguments, LiveFunction } from '../../collector/functions/function.ts';
import type { Sources } from '../../collector/functions/sources.ts';
import { FakeClock } from './fake_clock.ts';
import { FakeNamespaces } from './fake_namespaces.ts';
import { FakeRuntime } from './fake_runtime.ts';
import type { Direction } from './flow_entry.ts';
import {
  attribute,
  done,
  FakeChannel,
  type Message,
  nested,
  netfilter,
  number,
  type Receipt,
  statistics,
} from './netlink_channel.ts';

const NEW = 0x100;
const DELETE = 0x102;
const NLM_F_CREATE = 0x400;
const SLOT = 32 * 1024;
const AROUND = new Uint8Array(SLOT).fill(0xff);

/** 2023-11-14T22:13:20Z. */
export const NOW = 1_700_000_000_000;

/** An entry; UDP over IPv4 unless said otherwise. */
export interface LiveEntry {
  readonly protocol?: number;
  readonly status?: number;
  readonly original: Direction;
  /** The original direction in reverse when it is left out. */
  readonly reply?: Direction;
  /** Type of the attribute and number of the state: 1 for TCP, 2 for DCCP, 3 for SCTP. */
  readonly state?: readonly [number, number];
  readonly icmp?: { readonly type: number; readonly code: number; readonly id: number };
  readonly timeout?: number;
  readonly id?: number;
  readonly zone?: number;
  readonly mark?: number;
  readonly helper?: string;
  /** Packets and bytes of the original direction, then of the reply. */
  readonly counters?: readonly [number, number, number, number];
  /** Milliseconds since the epoch. */
  readonly startedAt?: number;
}

/** The message about an entry in a dump. */
function liveEntry(entry: LiveEntry): Message {
  return netfilter({ type: NEW, flags: 2 }, { family: familyOf(entry) }, ...attributesOf(entry));
}

/** The message about its beginning or end. */
export function liveEvent(kind: 'new' | 'update' | 'destroyed', entry: LiveEntry): Message {
  const header = { type: kind === 'destroyed' ? DELETE : NEW, flags: kind === 'new' ? NLM_F_CREATE : 0, sequence: 0 };
  return netfilter(header, { family: familyOf(entry) }, ...attributesOf(entry));
}

/** A tuple as an attribute of this type. */
export function liveTuple(type: number, protocol: number, direction: Direction, icmp?: LiveEntry['icmp']): Uint8Array {
  const { dport, from, sport, to, zone } = direction;
  const [source, destination] = [addressBytes(from), addressBytes(to)];
  const [first, second] = source.length === 4 ? [1, 2] : [3, 4];
  const numbers = [attribute(1, number(protocol, 1))];
  if (sport !== undefined) numbers.push(attribute(2, number(sport, 2)));
  if (dport !== undefined) numbers.push(attribute(3, number(dport, 2)));
  if (icmp !== undefined) {
    const [id, kind, code] = protocol === 58 ? [7, 8, 9] : [4, 5, 6];
    numbers.push(attribute(id, number(icmp.id, 2)), attribute(kind, number(icmp.type, 1)));
    numbers.push(attribute(code, number(icmp.code, 1)));
  }
  const own = zone === undefined ? [] : [attribute(3, number(zone, 2))];
  return nested(
    type,
    nested(1, attribute(first, source), attribute(second, destination)),
    nested(2, ...numbers),
    ...own,
  );
}

export interface LiveKernelOptions {
  /** The entries at each reading of the table; the last ones stay. */
  readonly tables?: readonly (readonly LiveEntry[])[];
  /** Entries that the kernel says there are; as many as there are when it is left out. */
  readonly entries?: number;
  readonly max?: number;
  readonly expectations?: readonly Message[];
}

export class LiveKernel {
  /** Every channel that was opened. */
  readonly channels: FakeChannel[] = [];
  readonly clock = new FakeClock(NOW);
  readonly runtime = new FakeRuntime();
  readonly sources: Sources;
  /** What events are waiting for the next channel that joins a group. */
  readonly events: Receipt[] = [];
  #readings = 0;

  constructor(options: LiveKernelOptions = {}, changes: Partial<Sources> = {}) {
    this.sources = {
      ctnetlink: () => this.#open(options),
      runtime: this.runtime,
      clock: this.clock,
      isPatient: true,
      snatPools: [],
      eventSetting: () => 2,
      namespaces: new FakeNamespaces(),
      ...changes,
    };
  }

  /** Whether every channel was closed. */
  get isClosed(): boolean {
    return this.channels.every(({ isClosed }) => isClosed);
  }

  /** Calls a function. */
  async answer(live: LiveFunction, given: Arguments = {}, signal = new AbortController().signal): Promise<Answer> {
    return live.run(given, this.sources, signal);
  }

  /** As {@link answer}, the rows as objects. */
  async rows(live: LiveFunction, given: Arguments = {}): Promise<Record<string, Cell>[]> {
    return rowsOf(await this.answer(live, given));
  }

  #open({ entries, expectations = [], max = 262_144, tables = [[]] }: LiveKernelOptions): FakeChannel {
    const channel = new FakeChannel({ slots: 2, slotSize: SLOT, around: AROUND });
    const { join } = channel;
    channel.join = (group) => {
      join.call(channel, group);
      channel.queue(...this.events.splice(0));
    };
    const table = (): readonly LiveEntry[] => tables[Math.min(this.#readings, tables.length - 1)] ?? [];
    channel.replyWith('statistics', () => [[statistics({ entries: entries ?? table().length, max })]]);
    channel.replyWith('table', () => {
      const messages = table().map(remembered);
      this.#readings++;
      return [...inParts(messages, 64), [done()]];
    });
    channel.reply('expectations', [...expectations], [done()]);
    this.channels.push(channel);
    return channel;
  }
}

const messagesOf = new WeakMap<LiveEntry, Message>();

/** As {@link liveEntry}; the same entry is encoded once. */
function remembered(entry: LiveEntry): Message {
  const message = messagesOf.get(entry) ?? liveEntry(entry);
  messagesOf.set(entry, message);
  return message;
}

/** Rows as objects, by the ids of columns. */
export function rowsOf({ columns, rows }: Answer): Record<string, Cell>[] {
  return rows.map(({ cells }) => Object.fromEntries(columns.map(({ id }, place) => [id, cells[place] ?? null])));
}

function inParts(messages: readonly Message[], size: number): Message[][][] {
  const parts: Message[][][] = [];
  for (let at = 0; at < messages.length; at += size) parts.push([messages.slice(at, at + size)]);
  return parts;
}

function familyOf({ original }: LiveEntry): number {
  return original.from.includes(':') ? 10 : 2;
}

function attributesOf(entry: LiveEntry): Uint8Array[] {
  const {
    counters,
    helper,
    icmp,
    id,
    mark,
    original,
    protocol = 17,
    startedAt,
    state,
    status = 8,
    timeout,
    zone,
  } = entry;
  const { reply = reversed(original) } = entry;
  const found = [
    liveTuple(1, protocol, original, icmp),
    liveTuple(2, protocol, reply, icmp),
    attribute(3, number(status, 4)),
  ];
  if (state !== undefined) found.push(nested(4, nested(state[0], attribute(1, number(state[1], 1)))));
  if (helper !== undefined) found.push(nested(5, attribute(1, Uint8Array.from(Buffer.from(`${helper}\0`)))));
  if (timeout !== undefined) found.push(attribute(7, number(timeout, 4)));
  if (mark !== undefined) found.push(attribute(8, number(mark, 4)));
  if (counters !== undefined) {
    found.push(nested(9, attribute(1, large(counters[0])), attribute(2, large(counters[1]))));
    found.push(nested(10, attribute(1, large(counters[2])), attribute(2, large(counters[3]))));
  }
  if (id !== undefined) found.push(attribute(12, number(id, 4)));
  if (zone !== undefined) found.push(attribute(18, number(zone, 2)));
  if (startedAt !== undefined) found.push(nested(20, attribute(1, large(startedAt * 1e6))));
  return found;
}

function reversed({ dport, from, sport, to }: Direction): Direction {
  return {
    from: to,
    to: from,
    ...(dport === undefined ? {} : { sport: dport }),
    ...(sport === undefined ? {} : { dport: sport }),
  };
}

/** 64 bits in network byte order. */
function large(value: number): Uint8Array {
  const built = new Uint8Array(8);
  new DataView(built.buffer).setBigUint64(0, BigInt(Math.round(value)));
  return built;
}

function addressBytes(text: string): Uint8Array {
  const network = parseNetwork(text);
  if (network === undefined) throw new Error(`no address: ${text}`);
  return network.address;
}

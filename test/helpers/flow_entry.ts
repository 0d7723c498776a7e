/** Entries of the table as visitors get them, without a kernel. */

import { parseNetwork } from '../../collector/base/cidr.ts';
import { memoryOf } from '../../collector/netlink/channel.ts';
import { Flow } from '../../collector/netlink/flow.ts';
import type { Tuple } from '../../collector/netlink/tuple.ts';

/** A direction: addresses as text, ports unless the protocol has none. */
export interface Direction {
  readonly from: string;
  readonly to: string;
  readonly sport?: number;
  readonly dport?: number;
  /** Of this direction alone. */
  readonly zone?: number;
}

export interface FlowEntry {
  readonly protocol?: number;
  readonly status?: number;
  readonly original: Direction;
  /** The original direction in reverse when it is left out. */
  readonly reply?: Direction;
  readonly id?: number;
  readonly timeout?: number;
  readonly zone?: number;
}

/** The bytes that the offsets of an entry refer to; anything may come before them. */
const FIRST = 7;

/** A decoded entry and the bytes of its addresses; UDP unless said otherwise. */
export function flowEntry(entry: FlowEntry): { flow: Flow; bytes: Uint8Array } {
  const { original, reply = reversed(original), ...rest } = entry;
  const bytes = new Uint8Array(FIRST + 64).fill(0xee);
  const flow = Object.assign(new Flow(memoryOf(new ArrayBuffer(4))), { protocol: 17, status: 8, ...rest });
  place(flow.original, original, bytes, FIRST);
  place(flow.reply, reply, bytes, FIRST + 32);
  flow.family = flow.original.addressSize === 4 ? 2 : 10;
  return { flow, bytes };
}

function reversed({ dport, from, sport, to }: Direction): Direction {
  return {
    from: to,
    to: from,
    ...(dport === undefined ? {} : { sport: dport }),
    ...(sport === undefined ? {} : { dport: sport }),
  };
}

function place(
  tuple: Tuple,
  { dport = -1, from, sport = -1, to, zone = -1 }: Direction,
  bytes: Uint8Array,
  at: number,
) {
  const [source, destination] = [addressBytes(from), addressBytes(to)];
  bytes.set(source, at);
  bytes.set(destination, at + 16);
  tuple.source = at;
  tuple.destination = at + 16;
  tuple.addressSize = source.length;
  tuple.sourcePort = sport;
  tuple.destinationPort = dport;
  tuple.zone = zone;
}

function addressBytes(text: string): Uint8Array {
  const network = parseNetwork(text);
  if (network === undefined) throw new Error(`no address: ${text}`);
  return network.address;
}

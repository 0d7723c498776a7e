/**
 * An event as one line of text. Tens of thousands come per second, so this does no more than it must: an IPv4 event takes
 * about a microsecond.
 */

import { addressKey, addressText } from '../netlink/address.ts';
import { type Flow, IPS_DST_NAT, IPS_SRC_NAT } from '../netlink/flow.ts';
import type { Tuple } from '../netlink/tuple.ts';
import type { EventKind } from './event_stream.ts';
import { ageOf, sum } from './flow_cells.ts';
import { protocolName, stateName } from './protocol_names.ts';

/** The parts of an entry that a line is made of. */
export const LINE_PARTS = ['tuples', 'zone', 'mark', 'counters', 'start'] as const;

/** The numbers of a byte as text. */
const BYTES = Array.from({ length: 256 }, (_, byte) => String(byte));
/** By kind, of one width. */
const KINDS: Readonly<Record<EventKind, string>> = { new: ' new       ', destroyed: ' destroyed ' };

/**
 * The line without a line break, such as
 * `12:00:01.250 new tcp SYN_SENT 10.0.0.1:40001 -> 192.0.2.1:443 snat 203.0.113.7:50000`.
 *
 * @param stamp what it begins with, such as the time.
 * @param bytes what the offsets of addresses refer to.
 * @param now milliseconds since the epoch.
 */
export function eventLine(stamp: string, kind: EventKind, flow: Flow, bytes: Uint8Array, now: number): string {
  const { mark, original, protocol, reply, status, zone } = flow;
  const state = stateName(protocol, flow);
  let line = stamp + KINDS[kind] + protocolName(protocol);
  if (state !== undefined) line += ` ${state}`;
  line += ` ${endpoint(original, original.source, original.sourcePort, bytes)} -> `;
  line += endpoint(original, original.destination, original.destinationPort, bytes);
  if (original.icmpType >= 0) line += ` type ${original.icmpType} code ${original.icmpCode} id ${original.icmpId}`;
  if ((status & IPS_SRC_NAT) !== 0) line += ` snat ${endpoint(reply, reply.destination, reply.destinationPort, bytes)}`;
  if ((status & IPS_DST_NAT) !== 0) line += ` dnat ${endpoint(reply, reply.source, reply.sourcePort, bytes)}`;
  if (zone !== 0) line += ` zone ${zone}`;
  if (mark !== 0) line += ` mark ${mark}`;
  return kind === 'destroyed' ? line + totals(flow, now) : line;
}

/** What is known at the end of a connection. */
function totals(flow: Flow, now: number): string {
  const packets = sum(flow.originalCounters, flow.replyCounters, 'packets');
  const age = ageOf(flow, now);
  let text = packets < 0 ? '' : ` packets ${packets} bytes ${sum(flow.originalCounters, flow.replyCounters, 'bytes')}`;
  if (age !== null) text += ` age ${age}s`;
  return text;
}

function endpoint({ addressSize }: Tuple, at: number, port: number, bytes: Uint8Array): string {
  if (addressSize !== 4) {
    if (addressSize === 0 || at < 0) return '?';
    const address = addressText(addressKey(bytes, at, addressSize));
    return port < 0 ? address : `[${address}]:${port}`;
  }
  const first = BYTES[bytes[at] ?? 0];
  const address = `${first}.${BYTES[bytes[at + 1] ?? 0]}.${BYTES[bytes[at + 2] ?? 0]}.${BYTES[bytes[at + 3] ?? 0]}`;
  return port < 0 ? address : `${address}:${port}`;
}

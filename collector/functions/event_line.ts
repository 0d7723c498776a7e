/**
 * An event as one line of text. Tens of thousands come per second, so this does no more than it must, and makes no string
 * for what every event has.
 */

import type { ByteBuffer } from '../base/byte_buffer.ts';
import { addressKey, addressText } from '../netlink/address.ts';
import { type Flow, IPS_DST_NAT, IPS_SRC_NAT } from '../netlink/flow.ts';
import type { Tuple } from '../netlink/tuple.ts';
import type { EventKind } from './event_stream.ts';
import { ageOf, sum } from './flow_cells.ts';
import { protocolName, stateName } from './protocol_names.ts';

/** The parts of an entry that a line is made of. */
export const LINE_PARTS = ['tuples', 'zone', 'mark', 'counters', 'start'] as const;

/** By kind, of one width. */
const KINDS: Readonly<Record<EventKind, string>> = { new: ' new       ', destroyed: ' destroyed ' };

/**
 * Appends the line without a line break, such as
 * `12:00:01.250 new tcp SYN_SENT 10.0.0.1:40001 -> 192.0.2.1:443 snat 203.0.113.7:50000`.
 *
 * @param stamp what it begins with, such as the time.
 * @param bytes what the offsets of addresses refer to.
 * @param now milliseconds since the epoch.
 */
export function addEventLine(
  out: ByteBuffer,
  stamp: string,
  kind: EventKind,
  flow: Flow,
  bytes: Uint8Array,
  now: number,
): void {
  const { mark, original, protocol, reply, status, zone } = flow;
  const state = stateName(protocol, flow);
  out.addAscii(stamp);
  out.addAscii(KINDS[kind]);
  out.addAscii(protocolName(protocol));
  if (state !== undefined) {
    out.addAscii(' ');
    out.addAscii(state);
  }
  addEndpoint(out, ' ', original, original.source, original.sourcePort, bytes);
  addEndpoint(out, ' -> ', original, original.destination, original.destinationPort, bytes);
  if (original.icmpType >= 0) {
    out.addAscii(` type ${original.icmpType} code ${original.icmpCode} id ${original.icmpId}`);
  }
  if ((status & IPS_SRC_NAT) !== 0) {
    addEndpoint(out, ' snat ', reply, reply.destination, reply.destinationPort, bytes);
  }
  if ((status & IPS_DST_NAT) !== 0) addEndpoint(out, ' dnat ', reply, reply.source, reply.sourcePort, bytes);
  if (zone !== 0) out.addAscii(` zone ${zone}`);
  if (mark !== 0) out.addAscii(` mark ${mark}`);
  if (kind === 'destroyed') out.addAscii(totals(flow, now));
}

/** What is known at the end of a connection. */
function totals(flow: Flow, now: number): string {
  const packets = sum(flow.originalCounters, flow.replyCounters, 'packets');
  const age = ageOf(flow, now);
  let text = packets < 0 ? '' : ` packets ${packets} bytes ${sum(flow.originalCounters, flow.replyCounters, 'bytes')}`;
  if (age !== null) text += ` age ${age}s`;
  return text;
}

function addEndpoint(
  out: ByteBuffer,
  before: string,
  { addressSize }: Tuple,
  at: number,
  port: number,
  bytes: Uint8Array,
): void {
  out.addAscii(before);
  if (addressSize === 0 || at < 0) {
    out.addAscii('?');
    return;
  }
  if (addressSize === 4) {
    for (let place = at; place < at + 4; place++) {
      if (place > at) out.addAscii('.');
      out.addInteger(bytes[place] ?? 0);
    }
  } else {
    const address = addressText(addressKey(bytes, at, addressSize));
    out.addAscii(port < 0 ? address : `[${address}]`);
  }
  if (port < 0) return;
  out.addAscii(':');
  out.addInteger(port);
}

/** A connection as the cells of a row. */

import { addressKey, addressText } from '../netlink/address.ts';
import { type Counters, type Flow, IPS_DST_NAT, IPS_SRC_NAT } from '../netlink/flow.ts';
import type { FlowPart } from '../netlink/flow_parts.ts';
import { AF_INET } from '../netlink/inet.ts';
import type { Tuple } from '../netlink/tuple.ts';
import type { Cell, Column } from './answer.ts';
import { flagsText } from './flow_flags.ts';
import { protocolName, stateName } from './protocol_names.ts';

export const FLOW_PARTS = [
  'tuples',
  'timeout',
  'id',
  'zone',
  'mark',
  'counters',
  'helper',
  'start',
] as const satisfies readonly FlowPart[];

/** The columns of {@link flowCells}, in the same order. */
export const FLOW_COLUMNS: readonly Column[] = [
  { id: 'protocol', name: 'Protocol', type: 'text' },
  { id: 'state', name: 'State', type: 'text' },
  { id: 'source', name: 'Source', type: 'text', isKey: true },
  { id: 'source_port', name: 'Source port', type: 'number', isKey: true },
  { id: 'destination', name: 'Destination', type: 'text', isKey: true },
  { id: 'destination_port', name: 'Destination port', type: 'number', isKey: true },
  { id: 'translated_source', name: 'Translated source', type: 'text' },
  { id: 'translated_destination', name: 'Translated destination', type: 'text' },
  { id: 'status', name: 'Status', type: 'text' },
  { id: 'timeout', name: 'Timeout', type: 'duration' },
  { id: 'age', name: 'Age', type: 'duration' },
  { id: 'packets', name: 'Packets', type: 'count' },
  { id: 'bytes', name: 'Bytes', type: 'bytes' },
  { id: 'zone', name: 'Zone', type: 'number' },
  { id: 'mark', name: 'Mark', type: 'number' },
  { id: 'helper', name: 'Helper', type: 'text' },
  { id: 'icmp', name: 'ICMP type, code and id', type: 'text', isHidden: true },
  { id: 'original_packets', name: 'Original packets', type: 'count', isHidden: true },
  { id: 'original_bytes', name: 'Original bytes', type: 'bytes', isHidden: true },
  { id: 'reply_packets', name: 'Reply packets', type: 'count', isHidden: true },
  { id: 'reply_bytes', name: 'Reply bytes', type: 'bytes', isHidden: true },
  { id: 'original_zone', name: 'Original zone', type: 'number', isHidden: true },
  { id: 'reply_zone', name: 'Reply zone', type: 'number', isHidden: true },
  { id: 'family', name: 'Address family', type: 'text', isHidden: true },
  { id: 'id', name: 'Id', type: 'number', isKey: true, isHidden: true },
];

/**
 * @param bytes what the offsets of addresses refer to.
 * @param now milliseconds since the epoch.
 */
export function flowCells(flow: Flow, bytes: Uint8Array, now: number): Cell[] {
  const { original, originalCounters, protocol, reply, replyCounters, status } = flow;
  return [
    protocolName(protocol),
    stateName(protocol, flow) ?? null,
    addressOf(original, original.source, bytes),
    known(original.sourcePort),
    addressOf(original, original.destination, bytes),
    known(original.destinationPort),
    (status & IPS_SRC_NAT) === 0 ? null : endpoint(reply, reply.destination, reply.destinationPort, bytes),
    (status & IPS_DST_NAT) === 0 ? null : endpoint(reply, reply.source, reply.sourcePort, bytes),
    flagsText(status),
    known(flow.timeout),
    ageOf(flow, now),
    known(sum(originalCounters, replyCounters, 'packets')),
    known(sum(originalCounters, replyCounters, 'bytes')),
    flow.zone,
    flow.mark,
    flow.helper === '' ? null : flow.helper,
    icmpOf(original),
    known(originalCounters.packets),
    known(originalCounters.bytes),
    known(replyCounters.packets),
    known(replyCounters.bytes),
    known(original.zone),
    known(reply.zone),
    flow.family === AF_INET ? 'ipv4' : 'ipv6',
    known(flow.id),
  ];
}

/** Packets or bytes of both directions; -1 if the kernel does not count. */
export function sum(original: Counters, reply: Counters, what: keyof Counters): number {
  return original[what] < 0 ? -1 : original[what] + Math.max(reply[what], 0);
}

/** Whole seconds since the entry was created; `null` if unknown. */
export function ageOf({ startedAt }: Flow, now: number): number | null {
  // The wall clock can be set back.
  return startedAt < 0 ? null : Math.max(0, Math.round((now - startedAt) / 1000));
}

/** The text of an address, such as `10.0.0.1`; `null` if there is none. */
export function addressOf({ addressSize }: Tuple, at: number, bytes: Uint8Array): string | null {
  return addressSize === 0 || at < 0 ? null : addressText(addressKey(bytes, at, addressSize));
}

/** `10.0.0.1:443`, `[2001:db8::1]:443`, or the address alone if there is no port. */
export function endpointText(address: string, port: number): string {
  if (port < 0) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** A number as a cell: `null` if the kernel did not send it. */
export function known(value: number): number | null {
  return value < 0 ? null : value;
}

function endpoint(tuple: Tuple, at: number, port: number, bytes: Uint8Array): string | null {
  const address = addressOf(tuple, at, bytes);
  return address === null ? null : endpointText(address, port);
}

function icmpOf({ icmpCode, icmpId, icmpType }: Tuple): string | null {
  return icmpType < 0 ? null : `type=${icmpType} code=${icmpCode} id=${icmpId}`;
}

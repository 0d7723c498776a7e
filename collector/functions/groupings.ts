/** What the ranking can count connections by. */

import { type AddressKey, addressKey, addressText } from '../netlink/address.ts';
import { type Flow, IPS_ASSURED, IPS_HW_OFFLOAD, IPS_OFFLOAD, IPS_SEEN_REPLY, IPS_SRC_NAT } from '../netlink/flow.ts';
import type { FlowPart } from '../netlink/flow_parts.ts';
import type { Tuple } from '../netlink/tuple.ts';
import { protocolName, stateName } from './protocol_names.ts';

export type Key = AddressKey;

export interface Grouping {
  /** The argument; also the id of the column. */
  readonly id: string;
  /** The heading of the column. */
  readonly name: string;
  /** What is counted, in notes. */
  readonly plural: string;
  readonly parts: readonly FlowPart[];
  /** What a connection is counted under; `undefined` if it has none. */
  readonly key: (flow: Flow, bytes: Uint8Array) => Key | undefined;
  readonly text: (key: Key) => string;
}

export const GROUPINGS: readonly Grouping[] = [
  {
    id: 'source',
    name: 'Source',
    plural: 'sources',
    parts: ['original'],
    key: ({ original }, bytes) => addressAt(original, original.source, bytes),
    text: addressText,
  },
  {
    id: 'destination',
    name: 'Destination',
    plural: 'destinations',
    parts: ['original'],
    key: ({ original }, bytes) => addressAt(original, original.destination, bytes),
    text: addressText,
  },
  {
    id: 'service',
    name: 'Service',
    plural: 'services',
    parts: ['original'],
    key: serviceOf,
    text: serviceText,
  },
  {
    id: 'source-network',
    name: 'Source network',
    plural: 'source networks',
    parts: ['original'],
    key: ({ original }, bytes) => networkOf(addressAt(original, original.source, bytes)),
    text: networkText,
  },
  {
    id: 'nat-address',
    name: 'NAT address',
    plural: 'addresses that sources are translated to',
    parts: ['tuples'],
    key: ({ reply, status }, bytes) =>
      (status & IPS_SRC_NAT) === 0 ? undefined : addressAt(reply, reply.destination, bytes),
    text: addressText,
  },
  {
    id: 'zone',
    name: 'Zone',
    plural: 'zones',
    parts: ['zone', 'original'],
    key: ({ original, zone }) => (zone === 0 ? Math.max(original.zone, 0) : zone),
    text: String,
  },
  { id: 'mark', name: 'Mark', plural: 'marks', parts: ['mark'], key: ({ mark }) => mark, text: String },
  { id: 'state', name: 'State', plural: 'states', parts: [], key: stateOf, text: String },
];

function addressAt({ addressSize }: Tuple, at: number, bytes: Uint8Array): AddressKey | undefined {
  return at < 0 || addressSize === 0 ? undefined : addressKey(bytes, at, addressSize);
}

/** The protocol in the upper bits; in the lower ones the port or the ICMP type, plus 1, or 0 without either. */
function serviceOf({ original, protocol }: Flow): number {
  return protocol * 0x20000 + 1 + (original.icmpType < 0 ? original.destinationPort : original.icmpType);
}

function serviceText(key: Key): string {
  const protocol = Math.floor(Number(key) / 0x20000);
  const number = (Number(key) % 0x20000) - 1;
  const name = protocolName(protocol);
  if (number < 0) return name;
  return name.startsWith('icmp') ? `${name} type ${number}` : `${name}/${number}`;
}

/** The first 24 bits of IPv4, 64 of IPv6. */
function networkOf(address: AddressKey | undefined): AddressKey | undefined {
  return typeof address === 'number' ? (address & 0xffffff00) >>> 0 : address?.slice(0, 8);
}

function networkText(key: Key): string {
  return typeof key === 'number' ? `${addressText(key)}/24` : `${addressText(key.padEnd(16, '\0'))}/64`;
}

/** The state; without one, what was seen of replies. */
function stateOf(flow: Flow): string {
  const { protocol, status } = flow;
  const state = stateName(protocol, flow);
  return `${protocolName(protocol)} ${state ?? replyOf(status)}`;
}

function replyOf(status: number): string {
  if (status & IPS_HW_OFFLOAD) return 'HW_OFFLOAD';
  if (status & IPS_OFFLOAD) return 'OFFLOAD';
  if (status & IPS_ASSURED) return 'ASSURED';
  return status & IPS_SEEN_REPLY ? 'SEEN_REPLY' : 'UNREPLIED';
}

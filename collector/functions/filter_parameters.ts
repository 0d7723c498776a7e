/** The parameters that select connections, with the names and the meaning that they have for `conntrack -L`. */

import type { Parameter } from './function.ts';

export const PROTO = {
  name: 'proto',
  help: 'Only this transport protocol.',
  allowed: 'a name such as tcp, udp, icmp, icmpv6, sctp or gre, or a number from 0 to 255',
} as const satisfies Parameter;

export const STATE = {
  name: 'state',
  help: 'Only this state of TCP, SCTP or DCCP.',
  allowed: 'the name of a state, such as SYN_SENT, ESTABLISHED or TIME_WAIT',
} as const satisfies Parameter;

export const SRC = {
  name: 'src',
  help: 'Only from this source address or network, before translation.',
  allowed: 'an address, or a network such as 10.0.0.0/8',
} as const satisfies Parameter;

export const DST = {
  name: 'dst',
  help: 'Only to this destination address or network, before translation.',
  allowed: 'an address, or a network such as 2001:db8::/32',
} as const satisfies Parameter;

export const SPORT = {
  name: 'sport',
  help: 'Only from this source port, before translation.',
  allowed: 'a port from 0 to 65535',
} as const satisfies Parameter;

export const DPORT = {
  name: 'dport',
  help: 'Only to this destination port, before translation.',
  allowed: 'a port from 0 to 65535',
} as const satisfies Parameter;

export const NAT = {
  name: 'nat',
  help: 'Only connections that are translated so, or to this address or network.',
  allowed: 'any, src, dst, none, an address or a network',
} as const satisfies Parameter;

export const ZONE = {
  name: 'zone',
  help: 'Only this conntrack zone of both directions.',
  allowed: 'a zone from 0 to 65535',
} as const satisfies Parameter;

export const ORIG_ZONE = {
  name: 'orig-zone',
  help: 'Only this conntrack zone, of the original direction alone.',
  allowed: 'a zone from 0 to 65535',
} as const satisfies Parameter;

export const REPLY_ZONE = {
  name: 'reply-zone',
  help: 'Only this conntrack zone, of the reply direction alone.',
  allowed: 'a zone from 0 to 65535',
} as const satisfies Parameter;

export const MARK = {
  name: 'mark',
  help: 'Only this conntrack mark; with a mask, only the bits of the mask are compared.',
  allowed: 'MARK or MARK/MASK, decimal or after 0x hexadecimal, such as 0x10/0xff',
} as const satisfies Parameter;

export const STATUS = {
  name: 'status',
  help: 'Only connections with all of these status flags.',
  allowed:
    'one or more of UNREPLIED, SEEN_REPLY, ASSURED, EXPECTED, CONFIRMED, SRC_NAT, DST_NAT, HELPER, DYING, ' +
    'FIXED_TIMEOUT, OFFLOAD, HW_OFFLOAD, separated by commas',
} as const satisfies Parameter;

export const FAMILY = {
  name: 'family',
  help: 'Only this address family.',
  allowed: 'all, ipv4 or ipv6',
  choices: [
    { id: 'all', name: 'IPv4 and IPv6' },
    { id: 'ipv4', name: 'IPv4' },
    { id: 'ipv6', name: 'IPv6' },
  ],
  isSelector: true,
} as const satisfies Parameter;

/** In the order of help. */
export const FILTERS: readonly Parameter[] = [
  PROTO,
  STATE,
  SRC,
  DST,
  SPORT,
  DPORT,
  NAT,
  ZONE,
  ORIG_ZONE,
  REPLY_ZONE,
  MARK,
  STATUS,
  FAMILY,
];

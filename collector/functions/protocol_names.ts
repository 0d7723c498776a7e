/**
 * Names of transport protocols and of their states, as `conntrack` has them.
 * Source: IANA's registry of protocol numbers; linux/netfilter/nf_conntrack_tcp.h, nf_conntrack_sctp.h and, until Linux
 * 6.15, nf_conntrack_dccp.h.
 */

import { IPPROTO_SCTP, IPPROTO_TCP } from '../netlink/inet.ts';

/** By number. */
const NAMES: Readonly<Record<number, string>> = {
  1: 'icmp',
  2: 'igmp',
  4: 'ipip',
  6: 'tcp',
  17: 'udp',
  33: 'dccp',
  41: 'ipv6',
  47: 'gre',
  50: 'esp',
  51: 'ah',
  58: 'icmpv6',
  89: 'ospf',
  103: 'pim',
  112: 'vrrp',
  132: 'sctp',
  136: 'udplite',
};

const NUMBERS: ReadonlyMap<string, number> = new Map(
  Object.entries(NAMES).map(([number, name]) => [name, Number(number)]),
);

/** By number in netlink. */
const TCP_STATES = [
  'NONE',
  'SYN_SENT',
  'SYN_RECV',
  'ESTABLISHED',
  'FIN_WAIT',
  'CLOSE_WAIT',
  'LAST_ACK',
  'TIME_WAIT',
  'CLOSE',
  'SYN_SENT2',
] as const;

const SCTP_STATES = [
  'NONE',
  'CLOSED',
  'COOKIE_WAIT',
  'COOKIE_ECHOED',
  'ESTABLISHED',
  'SHUTDOWN_SENT',
  'SHUTDOWN_RECD',
  'SHUTDOWN_ACK_SENT',
  'HEARTBEAT_SENT',
  'HEARTBEAT_ACKED',
] as const;

const DCCP_STATES = [
  'NONE',
  'REQUEST',
  'RESPOND',
  'PARTOPEN',
  'OPEN',
  'CLOSEREQ',
  'CLOSING',
  'TIMEWAIT',
  'IGNORE',
  'INVALID',
] as const;

/** All names of states. */
export const STATE_NAMES: ReadonlySet<string> = new Set([...TCP_STATES, ...SCTP_STATES, ...DCCP_STATES]);

/** The name of a protocol, or its number if it has none. */
export function protocolName(protocol: number): string {
  return NAMES[protocol] ?? String(protocol);
}

/** The number of a protocol by its name; `undefined` if it is not known. */
export function protocolNumber(name: string): number | undefined {
  return NUMBERS.get(name);
}

/** The states of an entry as the kernel sends them; -1 where there is none. */
export interface States {
  readonly tcpState: number;
  readonly sctpState: number;
  readonly dccpState: number;
}

/** The name of the state; `undefined` if the entry has none, as for other protocols and offloaded connections. */
export function stateName(protocol: number, { dccpState, sctpState, tcpState }: States): string | undefined {
  if (protocol === IPPROTO_TCP) return TCP_STATES[tcpState];
  if (protocol === IPPROTO_SCTP) return SCTP_STATES[sctpState];
  return DCCP_STATES[dccpState];
}

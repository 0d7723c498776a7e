/** The transport protocols that are counted separately; all others are counted together. */

import { IPPROTO_GRE, IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_SCTP, IPPROTO_TCP, IPPROTO_UDP } from '../netlink/inet.ts';

const NUMBERS: Readonly<Record<string, number>> = {
  tcp: IPPROTO_TCP,
  udp: IPPROTO_UDP,
  icmp: IPPROTO_ICMP,
  icmpv6: IPPROTO_ICMPV6,
  sctp: IPPROTO_SCTP,
  gre: IPPROTO_GRE,
};

/** Names in the order of {@link placeOf}; the last one is for all others. */
export const PROTOCOLS: readonly string[] = [...Object.keys(NUMBERS), 'other'];

const PLACES = new Uint8Array(256).fill(PROTOCOLS.length - 1);
for (const [place, number] of Object.values(NUMBERS).entries()) PLACES[number] = place;

/** The index in {@link PROTOCOLS} of a protocol number. */
export function placeOf(protocol: number): number {
  return PLACES[protocol] ?? PROTOCOLS.length - 1;
}

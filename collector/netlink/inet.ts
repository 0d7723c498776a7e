/** Constants of the Internet protocols. Source: linux/socket.h and IANA's registry of protocol numbers. */

/** Address families. */
export const AF_INET = 2;
export const AF_INET6 = 10;

/** Protocol numbers. */
export const IPPROTO_ICMP = 1;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const IPPROTO_DCCP = 33;
export const IPPROTO_GRE = 47;
export const IPPROTO_ICMPV6 = 58;
export const IPPROTO_SCTP = 132;
export const IPPROTO_UDPLITE = 136;

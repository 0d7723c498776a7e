/**
 * Constants of ctnetlink.
 * Source: linux/netlink.h, linux/netfilter/nfnetlink.h and linux/netfilter/nfnetlink_conntrack.h.
 */

/** The netlink protocol of all netfilter subsystems. */
export const NETLINK_NETFILTER = 12;

/** Size of `struct nfgenmsg`: address family, version, a resource number whose meaning depends on the message. */
export const NFGENMSG = 4;

const NFNL_SUBSYS_CTNETLINK = 1;
const NFNL_SUBSYS_CTNETLINK_EXP = 2;

/** Message types, with the subsystem in their upper byte. */
export const CT_NEW = NFNL_SUBSYS_CTNETLINK << 8;
export const CT_GET = (NFNL_SUBSYS_CTNETLINK << 8) | 1;
export const CT_DELETE = (NFNL_SUBSYS_CTNETLINK << 8) | 2;
export const CT_GET_STATS_CPU = (NFNL_SUBSYS_CTNETLINK << 8) | 4;
export const CT_GET_STATS = (NFNL_SUBSYS_CTNETLINK << 8) | 5;
export const EXP_GET = (NFNL_SUBSYS_CTNETLINK_EXP << 8) | 1;
export const EXP_GET_STATS_CPU = (NFNL_SUBSYS_CTNETLINK_EXP << 8) | 3;

/** Multicast groups for events. */
export const NFNLGRP_CONNTRACK_NEW = 1;
export const NFNLGRP_CONNTRACK_DESTROY = 3;

/** Attributes of an entry: `enum ctattr_type`. */
export const CTA_TUPLE_ORIG = 1;
export const CTA_TUPLE_REPLY = 2;
export const CTA_STATUS = 3;
export const CTA_PROTOINFO = 4;
export const CTA_HELP = 5;
export const CTA_TIMEOUT = 7;
export const CTA_MARK = 8;
export const CTA_COUNTERS_ORIG = 9;
export const CTA_COUNTERS_REPLY = 10;
export const CTA_ID = 12;
export const CTA_ZONE = 18;
export const CTA_TIMESTAMP = 20;

/** Attributes inside these. */
export const CTA_PROTOINFO_TCP = 1;
export const CTA_PROTOINFO_DCCP = 2;
export const CTA_PROTOINFO_SCTP = 3;
/** The state is the first attribute of each protocol's information. */
export const CTA_PROTOINFO_STATE = 1;
export const CTA_HELP_NAME = 1;
export const CTA_COUNTERS_PACKETS = 1;
export const CTA_COUNTERS_BYTES = 2;
export const CTA_TIMESTAMP_START = 1;

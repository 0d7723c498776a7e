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
export const EXP_GET_STATS_CPU = (NFNL_SUBSYS_CTNETLINK_EXP << 8) | 3;

/** Multicast groups for events. */
export const NFNLGRP_CONNTRACK_NEW = 1;
export const NFNLGRP_CONNTRACK_DESTROY = 3;

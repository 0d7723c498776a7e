/**
 * Requests to ctnetlink. Only what reads can be asked: there is no way to build anything else here.
 * Source: linux/netfilter/nfnetlink.h and linux/netfilter/nfnetlink_conntrack.h.
 */

import { HEADER, NLM_F_DUMP, NLM_F_REQUEST } from './message.ts';

/** The netlink protocol of everything below netfilter. */
export const NETLINK_NETFILTER = 12;

const NFNL_SUBSYS_CTNETLINK = 1;
const NFNL_SUBSYS_CTNETLINK_EXP = 2;
const IPCTNL_MSG_CT_GET = 1;
const IPCTNL_MSG_CT_GET_STATS_CPU = 4;
const IPCTNL_MSG_CT_GET_STATS = 5;
const IPCTNL_MSG_EXP_GET_STATS_CPU = 3;

/** `struct nfgenmsg`: address family, version, a number that depends on the message. */
export const NFGENMSG = 4;

/** What can be asked. */
export const QUESTIONS = {
  /** Every entry of the connection table, of both address families: one message each. */
  table: { type: (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_GET, flags: NLM_F_REQUEST | NLM_F_DUMP },
  /** The counters of every CPU: one message each. */
  cpuStatistics: {
    type: (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_GET_STATS_CPU,
    flags: NLM_F_REQUEST | NLM_F_DUMP,
  },
  /** The number of entries and the limit: one message. */
  statistics: { type: (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_GET_STATS, flags: NLM_F_REQUEST },
  /** The counters of expectations of every CPU: one message each. */
  expectationStatistics: {
    type: (NFNL_SUBSYS_CTNETLINK_EXP << 8) | IPCTNL_MSG_EXP_GET_STATS_CPU,
    flags: NLM_F_REQUEST | NLM_F_DUMP,
  },
} as const;

export type Question = keyof typeof QUESTIONS;

/** Whether the answer is a sequence of messages with an end, and not one message. */
export function isDump(question: Question): boolean {
  return (QUESTIONS[question].flags & NLM_F_DUMP) !== 0;
}

/** The bytes of a request; the answers carry its sequence number. */
export function request(question: Question, sequence: number): Uint8Array {
  const { type, flags } = QUESTIONS[question];
  const bytes = new Uint8Array(HEADER + NFGENMSG);
  const u16 = new Uint16Array(bytes.buffer);
  const u32 = new Uint32Array(bytes.buffer);
  u32[0] = bytes.length;
  u16[2] = type;
  u16[3] = flags;
  u32[2] = sequence;
  // Address family 0 means every one; version 0; no port: the kernel knows it.
  return bytes;
}

/**
 * Requests to the kernel. They only read: nothing else can be built here.
 */

import { CT_GET, CT_GET_STATS, CT_GET_STATS_CPU, EXP_GET, EXP_GET_STATS_CPU, NFGENMSG } from './ctnetlink.ts';
import { AF_INET, AF_INET6, IPPROTO_UDP } from './inet.ts';
import { inetRequest, SOCK_DIAG_BY_FAMILY, TCPDIAG_GETSOCK, tcpRequest } from './inet_diag.ts';
import { HEADER, NLM_F_DUMP, NLM_F_REQUEST } from './message.ts';

/** A request, and its name in errors. */
interface Request {
  readonly to: 'ctnetlink' | 'sock_diag';
  readonly about: string;
  readonly type: number;
  readonly flags: number;
  /** Follows the message header. */
  readonly body: Uint8Array;
}

/** `struct nfgenmsg`: address family 0, which means all of them; version 0; no resource. */
const EVERY_FAMILY = new Uint8Array(NFGENMSG);
const GET = NLM_F_REQUEST;
const DUMP = NLM_F_REQUEST | NLM_F_DUMP;

const TO_CTNETLINK = { to: 'ctnetlink', body: EVERY_FAMILY } as const;
const TO_SOCK_DIAG = { to: 'sock_diag', flags: DUMP } as const;

/** All requests. */
export const QUESTIONS = {
  /** Entries of the connection table, of both address families: one message each. */
  table: { ...TO_CTNETLINK, about: 'the connection table', type: CT_GET, flags: DUMP },
  /** Expectations, of both address families: one message each. */
  expectations: { ...TO_CTNETLINK, about: 'the expectations', type: EXP_GET, flags: DUMP },
  /** Counters: one message per CPU. */
  cpuStatistics: { ...TO_CTNETLINK, about: 'the statistics of every CPU', type: CT_GET_STATS_CPU, flags: DUMP },
  /** The number of entries and the limit: one message. */
  statistics: { ...TO_CTNETLINK, about: 'the number of entries', type: CT_GET_STATS, flags: GET },
  /** Counters of expectations: one message per CPU. */
  expectationStatistics: {
    ...TO_CTNETLINK,
    about: 'the statistics of expectations',
    type: EXP_GET_STATS_CPU,
    flags: DUMP,
  },
  /**
   * TCP sockets of both address families: one message each. The newer request covers one family, and the kernel walks
   * its whole hash table for each.
   */
  tcpSockets: { ...TO_SOCK_DIAG, about: 'TCP sockets', type: TCPDIAG_GETSOCK, body: tcpRequest() },
  /** UDP sockets of IPv4: one message each. */
  udpSockets: {
    ...TO_SOCK_DIAG,
    about: 'UDP sockets',
    type: SOCK_DIAG_BY_FAMILY,
    body: inetRequest(AF_INET, IPPROTO_UDP),
  },
  /** UDP sockets of IPv6: one message each. */
  udp6Sockets: {
    ...TO_SOCK_DIAG,
    about: 'UDP sockets of IPv6',
    type: SOCK_DIAG_BY_FAMILY,
    body: inetRequest(AF_INET6, IPPROTO_UDP),
  },
} as const satisfies Readonly<Record<string, Request>>;

export type Question = keyof typeof QUESTIONS;

/** Whether the reply is a sequence of messages with an end marker, rather than one message. */
export function isDump(question: Question): boolean {
  return (QUESTIONS[question].flags & NLM_F_DUMP) !== 0;
}

/** The bytes of a request; its replies carry the same sequence number. */
export function request(question: Question, sequence: number): Uint8Array {
  const { body, flags, type } = QUESTIONS[question];
  const bytes = new Uint8Array(HEADER + body.length);
  const u16 = new Uint16Array(bytes.buffer);
  const u32 = new Uint32Array(bytes.buffer);
  u32[0] = bytes.length;
  u16[2] = type;
  u16[3] = flags;
  u32[2] = sequence;
  // The port stays 0: the kernel fills it in.
  bytes.set(body, HEADER);
  return bytes;
}

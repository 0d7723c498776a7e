/** Requests to ctnetlink. Only what reads can be asked: there is no way to build anything else here. */

import { CT_GET, CT_GET_STATS, CT_GET_STATS_CPU, EXP_GET_STATS_CPU, NFGENMSG } from './ctnetlink.ts';
import { HEADER, NLM_F_DUMP, NLM_F_REQUEST } from './message.ts';

/** What can be asked. */
export const QUESTIONS = {
  /** Every entry of the connection table, of both address families: one message each. */
  table: { type: CT_GET, flags: NLM_F_REQUEST | NLM_F_DUMP },
  /** The counters of every CPU: one message each. */
  cpuStatistics: { type: CT_GET_STATS_CPU, flags: NLM_F_REQUEST | NLM_F_DUMP },
  /** The number of entries and the limit: one message. */
  statistics: { type: CT_GET_STATS, flags: NLM_F_REQUEST },
  /** The counters of expectations of every CPU: one message each. */
  expectationStatistics: { type: EXP_GET_STATS_CPU, flags: NLM_F_REQUEST | NLM_F_DUMP },
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

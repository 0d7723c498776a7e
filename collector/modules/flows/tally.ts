/** Counts entries of the connection table, each once in every breakdown. */

import {
  type Flow,
  IPS_ASSURED,
  IPS_DST_NAT,
  IPS_HW_OFFLOAD,
  IPS_OFFLOAD,
  IPS_SEEN_REPLY,
  IPS_SRC_NAT,
} from '../../netlink/flow.ts';
import { AF_INET, AF_INET6, IPPROTO_TCP } from '../../netlink/inet.ts';
import { PROTOCOLS, placeOf } from '../protocols.ts';
import type { Breakdown } from './breakdown.ts';

type Values = Record<string, number | undefined>;

const FAMILIES = ['ipv4', 'ipv6'] as const;
const REPLIES = ['unreplied', 'replied', 'assured'] as const;
/** By bits: 1 for source NAT, 2 for destination NAT. */
const TRANSLATIONS = ['nat_none', 'snat', 'dnat', 'nat_both'] as const;
const OFFLOADS = ['offload_none', 'offload_software', 'offload_hardware'] as const;

/**
 * TCP states by their numbers in netlink, then entries without a state: offloaded connections have none. Source: `enum tcp_conntrack` in linux/netfilter/nf_conntrack_tcp.h.
 */
const TCP_STATES = [
  'none',
  'syn_sent',
  'syn_recv',
  'established',
  'fin_wait',
  'close_wait',
  'last_ack',
  'time_wait',
  'close',
  'syn_sent2',
  'offloaded',
] as const;
const STATELESS = TCP_STATES.length - 1;

export class Tally implements Breakdown {
  readonly parts = [];
  readonly #protocols = new Float64Array(PROTOCOLS.length);
  readonly #families = new Float64Array(FAMILIES.length);
  readonly #replies = new Float64Array(REPLIES.length);
  readonly #translations = new Float64Array(TRANSLATIONS.length);
  readonly #offloads = new Float64Array(OFFLOADS.length);
  readonly #tcpStates = new Float64Array(TCP_STATES.length);

  add({ family, protocol, status, tcpState }: Flow): void {
    increment(this.#protocols, placeOf(protocol));
    if (family === AF_INET) increment(this.#families, 0);
    else if (family === AF_INET6) increment(this.#families, 1);
    increment(this.#replies, replyOf(status));
    increment(this.#translations, (status & IPS_SRC_NAT ? 1 : 0) + (status & IPS_DST_NAT ? 2 : 0));
    increment(this.#offloads, status & IPS_HW_OFFLOAD ? 2 : status & IPS_OFFLOAD ? 1 : 0);
    if (protocol === IPPROTO_TCP)
      increment(this.#tcpStates, tcpState >= 0 && tcpState < STATELESS ? tcpState : STATELESS);
  }

  fill(values: Values, scale: number): void {
    write(values, 'flows_', PROTOCOLS, this.#protocols, scale);
    write(values, 'flows_', FAMILIES, this.#families, scale);
    write(values, 'flows_', REPLIES, this.#replies, scale);
    write(values, 'flows_', TRANSLATIONS, this.#translations, scale);
    write(values, 'flows_', OFFLOADS, this.#offloads, scale);
    write(values, 'tcp_', TCP_STATES, this.#tcpStates, scale);
  }
}

/** An assured entry has seen a reply, even if user space created it without that flag. */
function replyOf(status: number): number {
  if (status & IPS_ASSURED) return 2;
  return status & IPS_SEEN_REPLY ? 1 : 0;
}

function increment(counts: Float64Array, place: number): void {
  counts[place] = (counts[place] ?? 0) + 1;
}

function write(values: Values, prefix: string, names: readonly string[], counts: Float64Array, scale: number): void {
  for (const [place, name] of names.entries()) values[`${prefix}${name}`] = (counts[place] ?? 0) * scale;
}

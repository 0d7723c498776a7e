/** Counts connections by what they have in common: how many, how many unreplied, and what they have transferred. */

import { SAMPLE } from '../modules/flows/extent.ts';
import { HeavyHitters } from '../modules/flows/heavy_hitters.ts';
import type { FlowVisitor } from '../modules/flows/table_reader.ts';
import { type Flow, IPS_SEEN_REPLY } from '../netlink/flow.ts';
import type { FlowPart } from '../netlink/flow_parts.ts';
import { sum } from './flow_cells.ts';
import type { Grouping, Key } from './groupings.ts';

/**
 * Distinct keys that are counted; beyond, only the most frequent ones. A table that is not sampled for an estimate, and a
 * sample, have no more.
 */
const KEYS = 2 * SAMPLE;

/** Besides the connections. */
export interface Details {
  unreplied: number;
  packets: number;
  bytes: number;
}

export class Ranking implements FlowVisitor {
  readonly parts: readonly FlowPart[];
  readonly keys: HeavyHitters<Key, Details>;
  /** Whether the kernel has counted packets and bytes of any connection. */
  isAccounted = false;
  readonly #grouping: Grouping;

  constructor(grouping: Grouping, capacity = KEYS) {
    this.#grouping = grouping;
    this.parts = [...grouping.parts, 'counters'];
    this.keys = new HeavyHitters(capacity);
  }

  add(flow: Flow, bytes: Uint8Array): void {
    const key = this.#grouping.key(flow, bytes);
    if (key === undefined) return;
    const { details } = this.keys.add(key, nothing);
    if ((flow.status & IPS_SEEN_REPLY) === 0) details.unreplied++;
    const { originalCounters, replyCounters } = flow;
    if (originalCounters.packets < 0) return;
    this.isAccounted = true;
    details.packets += sum(originalCounters, replyCounters, 'packets');
    details.bytes += sum(originalCounters, replyCounters, 'bytes');
  }
}

function nothing(): Details {
  return { unreplied: 0, packets: 0, bytes: 0 };
}

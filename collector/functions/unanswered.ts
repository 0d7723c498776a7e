/**
 * Unanswered connections in several readings of the table: an entry is refreshed when the same entry, still without a
 * reply, expires later than before.
 */

import { isForMany, type Route, routeKey, routeOf } from '../modules/flows/route.ts';
import type { FlowVisitor } from '../modules/flows/table_reader.ts';
import { type AddressKey, addressKey } from '../netlink/address.ts';
import { type Flow, IPS_SEEN_REPLY } from '../netlink/flow.ts';

/** Unanswered entries whose expiry is remembered, and groups of them that are counted. */
const FOLLOWED = 65_536;
const GROUPS = 4096;
/** The expiry of an entry that is not refreshed moves by fewer microseconds: timeouts are in whole seconds. */
const MOVED = 2e6;

/** Unanswered connections to the same destination with the same translation. */
export interface UnansweredGroup extends Route {
  /** One of the sources. */
  readonly source: AddressKey;
  connections: number;
  refreshed: number;
  /** When the oldest of them was created, in milliseconds since the epoch; `undefined` if the kernel does not record it. */
  startedAt: number | undefined;
}

/** What is remembered from reading to reading. */
export interface Sightings {
  /** Expiry by id, in microseconds of the monotonic clock. */
  readonly expiries: Map<number, number>;
  /** Ids of the entries that were refreshed. */
  readonly refreshed: Set<number>;
}

/** One reading. */
export class Unanswered implements FlowVisitor {
  readonly parts = ['tuples', 'id', 'timeout', 'zone', 'start'] as const;
  readonly groups = new Map<string, UnansweredGroup>();
  /** Unanswered connections. */
  connections = 0;
  /** Those that are in no group, because there are too many groups. */
  ungrouped = 0;
  /** Those that are not followed from reading to reading, because there are too many. */
  unfollowed = 0;
  readonly #seen: Sightings;
  readonly #monotonic: () => number;

  /** @param monotonic the monotonic clock, in microseconds: the reading of a large table takes seconds. */
  constructor(seen: Sightings, monotonic: () => number) {
    this.#seen = seen;
    this.#monotonic = monotonic;
  }

  add(flow: Flow, bytes: Uint8Array): void {
    if ((flow.status & IPS_SEEN_REPLY) !== 0 || isForMany(flow.original, bytes)) return;
    this.connections++;
    const isRefreshed = this.#follow(flow);
    const group = this.#groupOf(flow, bytes);
    if (group === undefined) {
      this.ungrouped++;
      return;
    }
    group.connections++;
    if (isRefreshed) group.refreshed++;
    if (flow.startedAt >= 0) group.startedAt = Math.min(group.startedAt ?? flow.startedAt, flow.startedAt);
  }

  #follow({ id, timeout }: Flow): boolean {
    if (id < 0 || timeout < 0) return false;
    const { expiries, refreshed } = this.#seen;
    const expiry = this.#monotonic() + timeout * 1e6;
    const before = expiries.get(id);
    if (before === undefined && expiries.size >= FOLLOWED) {
      this.unfollowed++;
      return false;
    }
    if (before !== undefined && expiry > before + MOVED) refreshed.add(id);
    if (before === undefined || expiry > before) expiries.set(id, expiry);
    return refreshed.has(id);
  }

  #groupOf(flow: Flow, bytes: Uint8Array): UnansweredGroup | undefined {
    const route = routeOf(flow, bytes);
    const key = routeKey(route);
    let group = this.groups.get(key);
    if (group === undefined && this.groups.size < GROUPS) {
      const { addressSize, source } = flow.original;
      group = {
        ...route,
        source: addressKey(bytes, source, addressSize),
        connections: 0,
        refreshed: 0,
        startedAt: undefined,
      };
      this.groups.set(key, group);
    }
    return group;
  }
}

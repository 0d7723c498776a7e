/**
 * Connections that were never answered, yet are refreshed for longer than a minute: their packets go to a stale address
 * translation or to a dead backend. It shows only by comparing dumps: the same entry, still without a reply, expires
 * later than it would have.
 */

import { type Flow, IPS_SEEN_REPLY } from '../../netlink/flow.ts';
import type { Breakdown } from './breakdown.ts';
import { isForMany, type Route, routeKey, routeOf } from './route.ts';

/** Microseconds between the first sight of an entry and its last refresh from which on it is stuck. */
const STUCK_AFTER = 60e6;
/** Dumps that must have found it refreshed: a client may take the same port again by chance. */
const REFRESHES = 2;
/** An entry that was last refreshed longer ago, in microseconds, is about to expire. */
const STALE_AFTER = 60e6;
/** The expiry of an entry that is not refreshed moves by less: it is in whole seconds, and a dump takes time. */
const MOVED = 2e6;
/** Microseconds for which an entry is remembered after it has expired, if it may be outside the part that was read. */
const GRACE = 60e6;
/** Unanswered entries that are followed. If there are more, one of 2, 4, 8, … by the hash of its id. */
const FOLLOWED = 16_384;

/** An unanswered entry; times are microseconds of the monotonic clock. */
interface Sighting {
  readonly first: number;
  last: number;
  expiry: number;
  /** The last dump that found it refreshed, and how many did. */
  refreshed: number;
  refreshes: number;
}

/** Stuck connections to the same destination with the same translation. */
export interface StuckGroup extends Route {
  /** Of the entries that were read; an estimate if not all unanswered entries are followed. */
  connections: number;
  /** When the first of them was first seen, in microseconds of the monotonic clock. */
  since: number;
}

/** Follows unanswered entries from dump to dump. */
export class StuckTracker {
  readonly #capacity: number;
  readonly #sightings = new Map<number, Sighting>();
  /** Entries whose hash has this many leading zeros are followed… */
  #level = 0;
  /** …and, as long as the level is that low for less than a minute, only those with this many are counted. */
  #countedLevel = 0;
  #loweredAt = 0;
  /** The first dump from which on all that dumps read is followed. */
  #since: number | undefined;
  #wasSample = false;
  #latest: StuckDump | undefined;

  constructor(capacity = FOLLOWED) {
    this.#capacity = capacity;
  }

  /** The dump that ended last; `undefined` if nothing is known yet. */
  get latest(): StuckDump | undefined {
    return this.#latest;
  }

  /**
   * Begins a dump. It may begin again if it has to be repeated.
   *
   * @param at microseconds of the monotonic clock.
   */
  begin(at: number): StuckDump {
    return new StuckDump(this, at);
  }

  /**
   * Takes a look at an unanswered entry.
   *
   * @returns when it was first seen, and for how many it stands; `undefined` unless it is stuck.
   */
  see(id: number, timeout: number, at: number): { since: number; weight: number } | undefined {
    const zeros = Math.clz32(hash(id));
    if (zeros < this.#level) return undefined;
    const expiry = at + timeout * 1e6;
    const sighting = this.#sightings.get(id);
    if (sighting === undefined) {
      this.#follow(id, zeros, { first: at, last: at, expiry, refreshed: at, refreshes: 0 });
      return undefined;
    }
    if (expiry > sighting.expiry + MOVED) {
      sighting.refreshed = at;
      sighting.refreshes++;
    }
    sighting.expiry = expiry;
    sighting.last = at;
    const { first, refreshed, refreshes } = sighting;
    if (refreshes < REFRESHES || refreshed - first < STUCK_AFTER || at - refreshed >= STALE_AFTER) return undefined;
    return zeros < this.#countedLevel ? undefined : { since: first, weight: 2 ** this.#countedLevel };
  }

  /**
   * Ends a dump: forgets what is gone. What a sample did not look at is not gone before it expires.
   *
   * @returns whether unanswered entries have been followed for long enough to tell the stuck ones.
   */
  end(dump: StuckDump, isSample: boolean): boolean {
    const { at } = dump;
    for (const [id, { expiry, last }] of this.#sightings) {
      if (last !== at && (!isSample || at > expiry + GRACE)) this.#sightings.delete(id);
    }
    if (at - this.#loweredAt >= STUCK_AFTER) this.#countedLevel = this.#level;
    if (this.#level > 0 && this.#level === this.#countedLevel && this.#sightings.size < this.#capacity / 4) {
      this.#level--;
      this.#loweredAt = at;
    }
    // A sample has followed only a part of what a whole dump reads.
    if (this.#since === undefined || (this.#wasSample && !isSample)) this.#since = at;
    this.#wasSample = isSample;
    const isKnown = at - this.#since >= STUCK_AFTER;
    this.#latest = isKnown ? dump : undefined;
    return isKnown;
  }

  #follow(id: number, zeros: number, sighting: Sighting): void {
    while (this.#sightings.size >= this.#capacity) {
      this.#level++;
      this.#countedLevel = Math.max(this.#countedLevel, this.#level);
      for (const other of this.#sightings.keys()) {
        if (Math.clz32(hash(other)) < this.#level) this.#sightings.delete(other);
      }
    }
    if (zeros >= this.#level) this.#sightings.set(id, sighting);
  }
}

/** One dump as the tracker's visitor. */
export class StuckDump implements Breakdown {
  readonly parts = ['tuples', 'id', 'timeout', 'zone'] as const;
  /** When it began, in microseconds of the monotonic clock. */
  readonly at: number;
  readonly #groups = new Map<string, StuckGroup>();
  readonly #tracker: StuckTracker;
  #connections = 0;

  constructor(tracker: StuckTracker, at: number) {
    this.#tracker = tracker;
    this.at = at;
  }

  /** Stuck connections among the entries that were read; an estimate if not all unanswered entries are followed. */
  get connections(): number {
    return this.#connections;
  }

  /** In no order. */
  get groups(): Iterable<StuckGroup> {
    return this.#groups.values();
  }

  add(flow: Flow, bytes: Uint8Array): void {
    const { id, original, status, timeout } = flow;
    if ((status & IPS_SEEN_REPLY) !== 0 || id < 0 || timeout < 0 || isForMany(original, bytes)) return;
    const stuck = this.#tracker.see(id, timeout, this.at);
    if (stuck === undefined) return;
    this.#connections += stuck.weight;
    const group = this.#groupOf(flow, bytes);
    group.connections += stuck.weight;
    group.since = Math.min(group.since, stuck.since);
  }

  fill(values: Record<string, number | undefined>, scale: number): void {
    const isKnown = this.#tracker.end(this, scale !== 1);
    values['flows_stuck'] = isKnown ? this.#connections * scale : undefined;
  }

  #groupOf(flow: Flow, bytes: Uint8Array): StuckGroup {
    const route = routeOf(flow, bytes);
    const key = routeKey(route);
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { ...route, connections: 0, since: Number.POSITIVE_INFINITY };
      this.#groups.set(key, group);
    }
    return group;
  }
}

/** Spreads ids, which older kernels make from an address in memory. */
function hash(id: number): number {
  const mixed = Math.imul(id ^ (id >>> 16), 0x85ebca6b);
  return Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
}

/**
 * Unanswered connections in several readings of the table: an entry is refreshed when the same entry, still without a
 * reply, expires later than before.
 */

import type { FlowVisitor } from '../modules/flows/table_reader.ts';
import { type AddressKey, addressKey } from '../netlink/address.ts';
import { type Flow, IPS_DST_NAT, IPS_SEEN_REPLY, IPS_SRC_NAT } from '../netlink/flow.ts';

/** Unanswered entries whose expiry is remembered, and groups of them that are counted. */
const FOLLOWED = 65_536;
const GROUPS = 4096;
/** The expiry of an entry that is not refreshed moves by less: whole seconds, and the length of a dump in microseconds. */
const MOVED = 2e6;

/** Unanswered connections to the same destination with the same translation. */
export interface UnansweredGroup {
  readonly zone: number;
  readonly protocol: number;
  /** What the client asks for; the port is -1 without one. */
  readonly destination: AddressKey;
  readonly destinationPort: number;
  /** What it is translated to; `undefined` without destination NAT. */
  readonly translatedDestination: { readonly address: AddressKey; readonly port: number } | undefined;
  /** The source after source NAT; `undefined` without. */
  readonly translatedSource: AddressKey | undefined;
  /** One of the sources. */
  readonly source: AddressKey;
  connections: number;
  refreshed: number;
  /** When the oldest of them was created, in milliseconds since the epoch; `undefined` if the kernel does not record it. */
  startedAt: number | undefined;
}

/** The fields that identify a group. */
export type GroupNames = Pick<
  UnansweredGroup,
  'destination' | 'destinationPort' | 'protocol' | 'translatedDestination' | 'translatedSource' | 'zone'
>;

export function groupKey(names: GroupNames): string {
  const { destination, destinationPort, protocol, translatedDestination: to, translatedSource, zone } = names;
  return `${zone} ${protocol} ${destination} ${destinationPort} ${to?.address} ${to?.port} ${translatedSource}`;
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
  readonly #at: number;

  /** @param at when it begins, in microseconds of the monotonic clock. */
  constructor(seen: Sightings, at: number) {
    this.#seen = seen;
    this.#at = at;
  }

  add(flow: Flow, bytes: Uint8Array): void {
    if ((flow.status & IPS_SEEN_REPLY) !== 0 || isForMany(flow, bytes)) return;
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
    const expiry = this.#at + timeout * 1e6;
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
    const { original, protocol, reply, status, zone } = flow;
    const size = original.addressSize;
    const names: GroupNames = {
      zone,
      protocol,
      destination: addressKey(bytes, original.destination, size),
      destinationPort: original.destinationPort,
      translatedDestination:
        (status & IPS_DST_NAT) === 0
          ? undefined
          : { address: addressKey(bytes, reply.source, reply.addressSize), port: reply.sourcePort },
      translatedSource:
        (status & IPS_SRC_NAT) === 0 ? undefined : addressKey(bytes, reply.destination, reply.addressSize),
    };
    const key = groupKey(names);
    let group = this.groups.get(key);
    if (group === undefined && this.groups.size < GROUPS) {
      const source = addressKey(bytes, original.source, size);
      group = { ...names, source, connections: 0, refreshed: 0, startedAt: undefined };
      this.groups.set(key, group);
    }
    return group;
  }
}

/** Whether the destination is multicast or the limited broadcast, from which no reply can come. */
function isForMany({ original: { addressSize, destination } }: Flow, bytes: Uint8Array): boolean {
  return (bytes[destination] ?? 0) >= (addressSize === 4 ? 224 : 255);
}

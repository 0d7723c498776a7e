/**
 * Ports in use by source NAT. The kernel needs a reply tuple that no other connection has, so the ports of a translated
 * address are shared only by connections of the same protocol to the same destination address and port, in the same zone:
 * an endpoint.
 */

import { isWithin, type Network } from '../../base/cidr.ts';
import { type AddressKey, addressKey } from '../../netlink/address.ts';
import { type Flow, IPS_SRC_NAT } from '../../netlink/flow.ts';
import { IPPROTO_DCCP, IPPROTO_SCTP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE } from '../../netlink/inet.ts';
import { type Counter, HeavyHitters } from './heavy_hitters.ts';
import type { FlowVisitor } from './table_reader.ts';

/** The ports that source NAT chooses from for some addresses. */
export interface SnatPool {
  readonly network: Network;
  /** The lowest port. */
  readonly low: number;
  /** The highest port. */
  readonly high: number;
}

/** Without a range in the rule, the kernel replaces a port from 1024 on by one of these. */
const DEFAULT_POOL = { low: 1024, high: 65_535 };

/** Where several connections share the ports of a translated address. */
export interface SnatEndpoint {
  /** Of the reply direction; 0 if the kernel sends none. */
  readonly zone: number;
  readonly protocol: number;
  /** The translated source. */
  readonly address: AddressKey;
  /** What the connections really go to, after destination NAT. */
  readonly destination: AddressKey;
  readonly destinationPort: number;
  /** Ports of the pool. */
  readonly pool: number;
}

/** Protocols with ports. ICMP has ids instead, GRE call ids; these are no ports of a pool. */
const HAS_PORTS = new Uint8Array(256);
for (const protocol of [IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, IPPROTO_SCTP, IPPROTO_DCCP]) HAS_PORTS[protocol] = 1;

/**
 * Counts the ports in use of each endpoint: those within the pool, for others take nothing from it. No two entries of the
 * table have the same reply tuple and zone, so each entry of an endpoint has a port of its own.
 */
export class SnatPorts implements FlowVisitor {
  readonly parts = ['tuples', 'zone'] as const;
  /** By a key that only tells them apart. */
  readonly endpoints: HeavyHitters<string, SnatEndpoint>;
  readonly #pools: readonly SnatPool[];

  /** @param pools the first one that an address is in holds; ports 1024 to 65535 for all others. */
  constructor(pools: readonly SnatPool[], capacity?: number) {
    this.#pools = pools;
    this.endpoints = new HeavyHitters(capacity);
  }

  add(flow: Flow, bytes: Uint8Array): void {
    this.count(flow, bytes);
  }

  /** As {@link add}, and returns the counter of the endpoint; `undefined` if the connection takes no port of a pool. */
  count(flow: Flow, bytes: Uint8Array): Counter<string, SnatEndpoint> | undefined {
    const { protocol, reply, status } = flow;
    if ((status & IPS_SRC_NAT) === 0 || HAS_PORTS[protocol] !== 1 || reply.addressSize === 0) return undefined;
    const pool = poolOf(this.#pools, bytes, reply.destination, reply.addressSize);
    if (reply.destinationPort < pool.low || reply.destinationPort > pool.high) return undefined;
    return this.endpoints.add(keyOf(flow, bytes), () => endpointOf(flow, bytes, pool.high - pool.low + 1));
  }
}

function poolOf(
  pools: readonly SnatPool[],
  bytes: Uint8Array,
  at: number,
  size: number,
): { low: number; high: number } {
  for (const pool of pools) if (isWithin(pool.network, bytes, at, size)) return pool;
  return DEFAULT_POOL;
}

/** The zone, the protocol, the port and both addresses, 16 bits in each character. */
function keyOf(flow: Flow, bytes: Uint8Array): string {
  const { protocol, reply } = flow;
  return (
    String.fromCharCode(replyZoneOf(flow), protocol, reply.sourcePort) +
    halves(bytes, reply.destination, reply.addressSize) +
    halves(bytes, reply.source, reply.addressSize)
  );
}

function halves(bytes: Uint8Array, at: number, size: number): string {
  let text = '';
  for (let place = at; place < at + size; place += 4) {
    text += String.fromCharCode(half(bytes, place), half(bytes, place + 2));
  }
  return text;
}

function half(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function endpointOf(flow: Flow, bytes: Uint8Array, pool: number): SnatEndpoint {
  const { protocol, reply } = flow;
  return {
    zone: replyZoneOf(flow),
    protocol,
    address: addressKey(bytes, reply.destination, reply.addressSize),
    destination: addressKey(bytes, reply.source, reply.addressSize),
    destinationPort: reply.sourcePort,
    pool,
  };
}

/** An entry has one zone for both directions, or a zone for each. */
function replyZoneOf({ reply, zone }: Flow): number {
  return reply.zone < 0 ? zone : reply.zone;
}

/** Where connections go: their destination, and what it is translated to. */

import { type AddressKey, addressKey } from '../../netlink/address.ts';
import { type Flow, IPS_DST_NAT, IPS_SRC_NAT } from '../../netlink/flow.ts';
import type { Tuple } from '../../netlink/tuple.ts';

/** What unanswered connections are grouped by. */
export interface Route {
  readonly zone: number;
  readonly protocol: number;
  /** What the client asks for. */
  readonly destination: AddressKey;
  /** -1 for a protocol without ports. */
  readonly destinationPort: number;
  /** The destination after destination NAT; `undefined` without. */
  readonly translatedDestination: { readonly address: AddressKey; readonly port: number } | undefined;
  /** The source after source NAT; `undefined` without. */
  readonly translatedSource: AddressKey | undefined;
}

/**
 * @param flow with its tuples and zone.
 * @param bytes what the offsets of addresses refer to.
 */
export function routeOf({ original, protocol, reply, status, zone }: Flow, bytes: Uint8Array): Route {
  const { addressSize, destination, destinationPort } = original;
  return {
    zone,
    protocol,
    destination: addressKey(bytes, destination, addressSize),
    destinationPort,
    translatedDestination:
      (status & IPS_DST_NAT) === 0
        ? undefined
        : { address: addressKey(bytes, reply.source, reply.addressSize), port: reply.sourcePort },
    translatedSource:
      (status & IPS_SRC_NAT) === 0 ? undefined : addressKey(bytes, reply.destination, reply.addressSize),
  };
}

/** A text that is unique to the route. */
export function routeKey(route: Route): string {
  const { destination, destinationPort, protocol, translatedDestination: to, translatedSource, zone } = route;
  return `${zone} ${protocol} ${destination} ${destinationPort} ${to?.address} ${to?.port} ${translatedSource}`;
}

/** Whether a destination is multicast or the limited broadcast, from which no reply can come. */
export function isForMany({ addressSize, destination }: Tuple, bytes: Uint8Array): boolean {
  return (bytes[destination] ?? 0) >= (addressSize === 4 ? 224 : 255);
}

/** How much of the table the largest source, destination and service hold. */

import { type AddressKey, addressKey } from '../../netlink/address.ts';
import type { Flow } from '../../netlink/flow.ts';
import type { Breakdown } from './breakdown.ts';
import { HeavyHitters } from './heavy_hitters.ts';

/** Only the counts are of interest. */
const nothing = (): undefined => undefined;

export class LargestShares implements Breakdown {
  readonly parts = ['tuples'] as const;
  readonly #sources = new HeavyHitters<AddressKey, undefined>();
  readonly #destinations = new HeavyHitters<AddressKey, undefined>();
  readonly #services = new HeavyHitters<number, undefined>();

  /** All of the original direction: who opens the connection, and what is asked for, before translation. */
  add({ original, protocol }: Flow, bytes: Uint8Array): void {
    const { addressSize, destination, destinationPort, source } = original;
    this.#sources.add(addressKey(bytes, source, addressSize), nothing);
    this.#destinations.add(addressKey(bytes, destination, addressSize), nothing);
    // The port is -1 if the protocol has none.
    this.#services.add(protocol * 65_537 + destinationPort + 1, nothing);
  }

  /** Writes percentages; those of an empty table are unknown. */
  fill(values: Record<string, number | undefined>): void {
    values['largest_source'] = largestShare(this.#sources);
    values['largest_destination'] = largestShare(this.#destinations);
    values['largest_service'] = largestShare(this.#services);
  }
}

function largestShare(hitters: HeavyHitters<unknown, undefined>): number | undefined {
  let largest = 0;
  for (const { count } of hitters.counters()) largest = Math.max(largest, count);
  return hitters.total === 0 ? undefined : (largest / hitters.total) * 100;
}

/** How much of the ports for source NAT is in use. */

import type { Flow } from '../../netlink/flow.ts';
import type { Breakdown } from './breakdown.ts';
import { type SnatPool, SnatPorts } from './snat_ports.ts';

/** Percentages of the pool above which an endpoint counts as busy and as exhausted. */
const BUSY = 50;
const EXHAUSTED = 95;
/**
 * The largest part of a pool that one entry of a sample may represent. The standard error of the usage of a pool is then
 * at most 5 percentage points; that of a smaller pool is not known.
 */
const LARGEST_PART = 0.0025;

/** Makes the visitors of dumps. It shows nothing until it has seen source NAT, and 0 when that is no longer used. */
export class SnatUse {
  readonly #pools: readonly SnatPool[];
  #isInUse = false;

  constructor(pools: readonly SnatPool[]) {
    this.#pools = pools;
  }

  begin(): Breakdown {
    const ports = new SnatPorts(this.#pools);
    return {
      parts: ports.parts,
      add: (flow: Flow, bytes: Uint8Array) => ports.add(flow, bytes),
      fill: (values, scale) => this.#fill(ports, values, scale),
    };
  }

  #fill({ endpoints }: SnatPorts, values: Record<string, number | undefined>, scale: number): void {
    const uses: number[] = [];
    for (const { count, details } of endpoints.counters()) {
      if (scale === 1 || scale / details.pool <= LARGEST_PART) uses.push((100 * count * scale) / details.pool);
    }
    this.#isInUse ||= endpoints.size > 0;
    const isKnown = this.#isInUse && (uses.length > 0 || endpoints.size === 0);
    // An estimate can be too high.
    values['snat_ports_used'] = isKnown
      ? Math.min(
          100,
          uses.reduce((most, use) => Math.max(most, use), 0),
        )
      : undefined;
    values['snat_endpoints_busy'] = isKnown ? uses.filter((use) => use > BUSY).length : undefined;
    values['snat_endpoints_exhausted'] = isKnown ? uses.filter((use) => use > EXHAUSTED).length : undefined;
  }
}

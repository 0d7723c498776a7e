/** Counts entries by the time until they expire. */

import type { Flow } from '../../netlink/flow.ts';
import type { Breakdown } from './breakdown.ts';

/** Metrics, and the time in seconds that their entries stay below. */
const BELOW = [
  ['remaining_under_10s', 10],
  ['remaining_under_1m', 60],
  ['remaining_under_10m', 600],
  ['remaining_under_1h', 3600],
  ['remaining_under_1d', 86_400],
  ['remaining_longer', Number.POSITIVE_INFINITY],
] as const;

export class RemainingTime implements Breakdown {
  readonly parts = ['timeout'] as const;
  readonly #counts = new Float64Array(BELOW.length);

  /** The kernel sends no timeout of an offloaded connection, which does not expire while it is offloaded. */
  add({ timeout }: Flow): void {
    if (timeout < 0) return;
    let place = 0;
    while (timeout >= (BELOW[place]?.[1] ?? 0)) place++;
    this.#counts[place] = (this.#counts[place] ?? 0) + 1;
  }

  fill(values: Record<string, number | undefined>, scale: number): void {
    for (const [place, [metric]] of BELOW.entries()) values[metric] = (this.#counts[place] ?? 0) * scale;
  }
}

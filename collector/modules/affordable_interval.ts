/** How often costly work can run without exceeding its share of one CPU. */

import type { Claim } from './budget.ts';

/** Seconds between two runs, besides the shortest interval, which is configured. */
const STEPS: readonly number[] = [10, 20, 40, 60, 120, 300];
/** The interval shrinks when the cost is below this part of what the shorter interval allows. */
const MARGIN = 0.8;

export interface AffordableIntervalOptions {
  /** The shortest interval, in seconds. */
  readonly shortest: number;
  /** Seconds between two ticks: every interval is a multiple of it. */
  readonly tick: number;
  readonly claim: Claim;
}

export class AffordableInterval {
  readonly #steps: readonly number[];
  readonly #options: AffordableIntervalOptions;
  #step = 0;
  #isSpared = false;

  constructor(options: AffordableIntervalOptions) {
    const { shortest } = options;
    this.#options = options;
    this.#steps = [shortest, ...STEPS.filter((step) => step > shortest)];
  }

  /** Seconds between two runs. */
  get seconds(): number {
    const { tick } = this.#options;
    const step = this.#steps[this.#step] ?? this.#options.shortest;
    return Math.ceil((this.#isSpared ? 2 * step : step) / tick) * tick;
  }

  /**
   * Adapts the interval to the cost of a run.
   *
   * @param cpuSeconds CPU time.
   * @param isSpared whether the interval is doubled, to spare what the work reads.
   */
  update(cpuSeconds: number, isSpared: boolean): void {
    this.#isSpared = isSpared;
    const last = this.#steps.length - 1;
    while (this.#step < last && cpuSeconds > this.#allowed(this.#step)) this.#step++;
    while (this.#step > 0 && cpuSeconds <= MARGIN * this.#allowed(this.#step - 1)) this.#step--;
  }

  /** CPU time that a run may take at a step, in seconds. */
  #allowed(step: number): number {
    return (this.#steps[step] ?? 0) * this.#options.claim.share;
  }
}

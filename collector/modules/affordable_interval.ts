/** The interval of expensive work that keeps it below a share of one CPU. */

import type { Claim } from './budget.ts';

/** Possible intervals in seconds, besides the configured shortest one. */
const STEPS: readonly number[] = [10, 20, 40, 60, 120, 300];
/** The interval is shortened when the work costs less than this part of what the shorter interval allows. */
const MARGIN = 0.8;

export interface AffordableIntervalOptions {
  /** The shortest interval, in seconds. */
  readonly shortest: number;
  /** Seconds between two ticks; every interval is a multiple. */
  readonly tick: number;
  /** The share of one CPU that the work may use. */
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
   * @param cpuSeconds CPU time of the run.
   * @param isSpared whether to double the interval, to reduce the load on what is read.
   */
  update(cpuSeconds: number, isSpared: boolean): void {
    this.#isSpared = isSpared;
    const last = this.#steps.length - 1;
    while (this.#step < last && cpuSeconds > this.#allowed(this.#step)) this.#step++;
    while (this.#step > 0 && cpuSeconds <= MARGIN * this.#allowed(this.#step - 1)) this.#step--;
  }

  /** CPU seconds per run that a step allows. */
  #allowed(step: number): number {
    return (this.#steps[step] ?? 0) * this.#options.claim.share;
  }
}

/** How often costly work may be done: so seldom that it stays below a share of one CPU. */

/** Seconds between two times, besides the shortest interval that the operator wants. */
const STEPS: readonly number[] = [10, 20, 40, 60, 120, 300];
/** The interval is shortened when it has become this much cheaper than the shorter interval allows. */
const MARGIN = 0.8;

export interface AffordableIntervalOptions {
  /** The shortest interval, in seconds. */
  readonly shortest: number;
  /** Seconds between two ticks: every interval is a multiple of it. */
  readonly tick: number;
  /** The share of one CPU that it may take, from 0 to 1. */
  readonly share: number;
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

  /** Seconds between two times. */
  get seconds(): number {
    const { tick } = this.#options;
    const step = this.#steps[this.#step] ?? this.#options.shortest;
    return Math.ceil((this.#isSpared ? 2 * step : step) / tick) * tick;
  }

  /**
   * Takes what it cost.
   *
   * @param cpuSeconds CPU time.
   * @param isSpared whether the interval is doubled, to spare what it is done to.
   */
  update(cpuSeconds: number, isSpared: boolean): void {
    this.#isSpared = isSpared;
    const last = this.#steps.length - 1;
    while (this.#step < last && cpuSeconds > this.#allowed(this.#step)) this.#step++;
    while (this.#step > 0 && cpuSeconds <= MARGIN * this.#allowed(this.#step - 1)) this.#step--;
  }

  /** CPU time that it may take at a step, in seconds. */
  #allowed(step: number): number {
    return (this.#steps[step] ?? 0) * this.#options.share;
  }
}

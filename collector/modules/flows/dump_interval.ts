/** How often the table may be dumped: so seldom that dumping stays below a share of one CPU. */

/** Seconds between two dumps, besides the shortest interval that the operator wants. */
const STEPS: readonly number[] = [10, 20, 40, 60, 120, 300];
/** The interval is shortened when the dump has become this much cheaper than the shorter interval allows. */
const MARGIN = 0.8;

export interface DumpIntervalOptions {
  /** The shortest interval, in seconds. */
  readonly shortest: number;
  /** Seconds between two ticks: every interval is a multiple of it. */
  readonly tick: number;
  /** The share of one CPU that dumping may take, from 0 to 1. */
  readonly share: number;
}

export class DumpInterval {
  readonly #steps: readonly number[];
  readonly #options: DumpIntervalOptions;
  #step = 0;
  #isFull = false;

  constructor(options: DumpIntervalOptions) {
    const { shortest } = options;
    this.#options = options;
    this.#steps = [shortest, ...STEPS.filter((step) => step > shortest)];
  }

  /** Seconds between two dumps. */
  get seconds(): number {
    const { tick } = this.#options;
    const step = this.#steps[this.#step] ?? this.#options.shortest;
    return Math.ceil((this.#isFull ? 2 * step : step) / tick) * tick;
  }

  /**
   * Takes what a dump cost.
   *
   * @param cpuSeconds CPU time of the dump.
   * @param isFull whether the table is so full that it must be spared.
   */
  update(cpuSeconds: number, isFull: boolean): void {
    this.#isFull = isFull;
    const last = this.#steps.length - 1;
    while (this.#step < last && cpuSeconds > this.#allowed(this.#step)) this.#step++;
    while (this.#step > 0 && cpuSeconds <= MARGIN * this.#allowed(this.#step - 1)) this.#step--;
  }

  /** CPU time that a dump may take at a step, in seconds. */
  #allowed(step: number): number {
    return (this.#steps[step] ?? 0) * this.#options.share;
  }
}

/** The last minute of one number. */

/** What is kept, in seconds, and no fewer than so many values where the interval is long. */
const SPAN = 60;
const FEWEST = 12;

/** How many values a history keeps that are so many seconds apart. */
export function lengthOf(every: number): number {
  return Math.max(Math.ceil(SPAN / every), FEWEST);
}

/** Values one interval apart, the newest last; one that is not known is a gap. */
export interface Series {
  readonly values: readonly (number | undefined)[];
  /** How many intervals lie between the first value of all and the newest. */
  readonly newest: number;
  /** The most values that there can be. */
  readonly length: number;
}

export class History {
  /** Seconds between two values. */
  readonly every: number;
  readonly #length: number;
  #values: (number | undefined)[] = [];
  #newest = -1;
  #at = 0;

  constructor(every: number) {
    this.every = every;
    this.#length = lengthOf(every);
  }

  /** Adds a value; the intervals since the one before that brought none become gaps. */
  add(at: number, value: number | undefined): void {
    const intervals = this.#newest < 0 ? 1 : Math.max(1, Math.round((at - this.#at) / (this.every * 1e6)));
    this.#values = this.#after(intervals - 1);
    this.#values.push(value);
    if (this.#values.length > this.#length) this.#values.shift();
    this.#newest += intervals;
    this.#at = at;
  }

  /** What there is at `at`, with a gap for every interval that has passed since the last value. */
  series(at: number): Series {
    // A tick is a little late or early; a value that is due now is not missing yet.
    const passed = Math.max(0, Math.floor((at - this.#at) / (this.every * 1e6) + 0.05));
    return { values: this.#after(passed), newest: this.#newest + passed, length: this.#length };
  }

  #after(gaps: number): (number | undefined)[] {
    const none = Array.from({ length: Math.min(gaps, this.#length) }, () => undefined);
    return [...this.#values, ...none].slice(-this.#length);
  }
}

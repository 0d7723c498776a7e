/** The last minute of one number. */

/** Seconds to keep, and the minimum number of values to keep if the interval is long. */
const SPAN = 60;
const FEWEST = 12;

/** Values one interval apart, the newest last; unknown values are gaps. */
export interface Series {
  readonly values: readonly (number | undefined)[];
  /** Intervals from the first value ever to the newest. */
  readonly newest: number;
  /** The largest number of values. */
  readonly length: number;
}

export class History {
  /** Seconds between two values. */
  readonly every: number;
  readonly #length: number;
  #values: Series['values'] = [];
  #newest = -1;
  #at = 0;

  constructor(every: number) {
    this.every = every;
    this.#length = Math.max(Math.ceil(SPAN / every), FEWEST);
  }

  /**
   * Adds a value; intervals skipped since the previous one become gaps.
   *
   * @param at monotonic time in microseconds.
   */
  add(at: number, value: number): void {
    const intervals = this.#newest < 0 ? 1 : Math.max(1, Math.round((at - this.#at) / (this.every * 1e6)));
    this.#values = this.#extended([...gaps(intervals - 1, this.#length), value]);
    this.#newest += intervals;
    this.#at = at;
  }

  /** The last minute before `at`, with gaps for the intervals since the last value. */
  series(at: number): Series {
    // A tick can be a little early or late; a value that is due now is not missing yet.
    const passed = Math.max(0, Math.floor((at - this.#at) / (this.every * 1e6) + 0.05));
    const values = this.#extended(gaps(passed, this.#length));
    return { values, newest: this.#newest + passed, length: this.#length };
  }

  #extended(added: Series['values']): Series['values'] {
    return [...this.#values, ...added].slice(-this.#length);
  }
}

function gaps(count: number, most: number): undefined[] {
  return Array.from<undefined>({ length: Math.min(count, most) });
}

/**
 * Seconds until the series reaches `limit` at its rate of growth; `undefined` unless a full minute is known and shows
 * steady growth: the lowest value of its last third is above the highest of its first.
 *
 * @param every seconds between two values.
 */
export function timeToFull({ length, values }: Series, every: number, limit: number): number | undefined {
  const third = Math.floor(length / 3);
  const first = values.slice(0, third).filter((value) => value !== undefined);
  const last = values.slice(-third).filter((value) => value !== undefined);
  const newest = last.at(-1);
  if (values.length < length || first.length === 0 || newest === undefined) return undefined;
  const growth = (Math.min(...last) - Math.max(...first)) / ((length - 2 * third + 1) * every);
  return growth > 0 && newest < limit ? (limit - newest) / growth : undefined;
}

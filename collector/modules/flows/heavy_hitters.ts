/**
 * The most frequent keys of any number of keys, in bounded memory: exact while the distinct keys fit, a summary with a
 * stated error beyond. It is the algorithm of Misra and Gries, which forgets the rarer half of the keys whenever it is
 * full; like lossy counting, it keeps what each key may have lost before it was counted.
 */

/** Distinct keys that are counted unless said otherwise. */
export const COUNTERS = 4096;

export interface Counter<K, D> {
  readonly key: K;
  /** How often the key was added; up to `error` more. */
  count: number;
  /** How many times the key may have been added before it was counted. */
  readonly error: number;
  /** What else its user counts, since the key is counted. */
  readonly details: D;
}

/**
 * @typeParam K compared as keys of a map.
 * @typeParam D what else is counted for each key.
 */
export class HeavyHitters<K, D> {
  readonly #capacity: number;
  readonly #counters = new Map<K, Counter<K, D>>();
  #total = 0;
  #error = 0;

  /** @param capacity distinct keys that are counted. */
  constructor(capacity = COUNTERS) {
    this.#capacity = capacity;
  }

  /** How many keys were added, each as often as it was. */
  get total(): number {
    return this.#total;
  }

  /** How often a key that is not counted may have been added, which is also the largest error; 0 if all are exact. */
  get error(): number {
    return this.#error;
  }

  /** Distinct keys; only those that are counted, if there were too many. */
  get size(): number {
    return this.#counters.size;
  }

  /**
   * Counts a key.
   *
   * @param begin makes the details of a key that is not counted yet.
   * @returns its counter, valid until the next call.
   */
  add(key: K, begin: () => D): Counter<K, D> {
    this.#total++;
    let counter = this.#counters.get(key);
    if (counter === undefined) {
      if (this.#counters.size >= this.#capacity) this.#forgetRarest();
      counter = { key, count: 0, error: this.#error, details: begin() };
      this.#counters.set(key, counter);
    }
    counter.count++;
    return counter;
  }

  /** The counters in no order. */
  counters(): IterableIterator<Counter<K, D>> {
    return this.#counters.values();
  }

  /** The most frequent keys, most frequent first. */
  top(most: number): Counter<K, D>[] {
    return [...this.#counters.values()].sort((one, other) => other.count - one.count).slice(0, most);
  }

  /** Forgets at least half of the keys: those that may have been added least. */
  #forgetRarest(): void {
    const bounds = new Float64Array(this.#counters.size);
    let place = 0;
    for (const { count, error } of this.#counters.values()) bounds[place++] = count + error;
    bounds.sort();
    this.#error = bounds[bounds.length >> 1] ?? 0;
    for (const { count, error, key } of this.#counters.values()) {
      if (count + error <= this.#error) this.#counters.delete(key);
    }
  }
}

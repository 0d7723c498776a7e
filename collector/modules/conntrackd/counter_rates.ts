/** Rates of counters of 32 and 64 bits, exact beyond what a floating-point number holds. */

import type { Counter } from './facts.ts';

/** A reading of a counter. */
interface Reading {
  readonly counter: Counter;
  /** Monotonic time in microseconds. */
  readonly at: number;
}

export class CounterRates {
  #before = new Map<string, Reading>();
  #now = new Map<string, Reading>();

  /** Forgets every reading, because the counters restarted at 0. */
  forget(): void {
    this.#before.clear();
    this.#now.clear();
  }

  /** Begins a round of readings; forgets counters that were not read in the last one. */
  begin(): void {
    [this.#before, this.#now] = [this.#now, this.#before];
    this.#now.clear();
  }

  /**
   * Growth of a counter per second since the last round; `undefined` if it was not read then, or fell. A 32-bit counter
   * that fell by more than half of its range has wrapped.
   *
   * @param at monotonic time of the reading in microseconds.
   */
  rate(key: string, counter: Counter, at: number): number | undefined {
    const before = this.#before.get(key);
    this.#now.set(key, { counter, at });
    if (before === undefined || at <= before.at) return undefined;
    let growth = counter.value - before.counter.value;
    if (growth < 0n && counter.bits === 32 && -growth > 2n ** 31n) growth += 2n ** 32n;
    return growth < 0n ? undefined : Number(growth) / ((at - before.at) / 1e6);
  }
}

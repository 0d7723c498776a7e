/** Repeats the result of expensive work while a cheap sign says that nothing has changed, for a bounded time. */

import { isDue } from './due.ts';

/**
 * How long a result is repeated, in microseconds. Something can change without the sign: this is how late it is seen at most.
 */
const LONGEST = 30e6;
/** How often a result is repeated: who configures a short interval wants to see changes soon. */
const MOST = 5;
/** Work that costs less CPU time, in microseconds, is done every time. */
const CHEAP = 1000;

/** A result, and what there was to see when the work began. */
interface Remembered<T> {
  readonly value: T;
  /** Monotonic time in microseconds. */
  readonly at: number;
  readonly sign: string;
  repeats: number;
}

export class Recall<T> {
  #last: Remembered<T> | undefined;

  /**
   * The last result, if it may be repeated once more.
   *
   * @param sign `undefined` if nothing is known.
   */
  repeat(at: number, sign: string | undefined): { readonly value: T } | undefined {
    const last = this.#last;
    if (last === undefined || last.sign !== sign || isDue(at, last.at + LONGEST)) return undefined;
    return last.repeats++ < MOST ? last : undefined;
  }

  /** Remembers a result if it was expensive. Sign and time are of the beginning: later changes are not in the result. */
  learn(at: number, sign: string | undefined, value: T, cpuTime: number): void {
    this.#last = sign === undefined || cpuTime < CHEAP ? undefined : { value, at, sign, repeats: 0 };
  }
}

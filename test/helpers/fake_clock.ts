/** A clock that only a test and sleeps advance. */

import type { Clock, Interruption } from '../../collector/base/scheduler.ts';

/** The monotonic time of a new clock in microseconds: any number but 0. */
export const MONOTONIC_START = 7_000_000;

/** So many readings without a sleep mean an endless loop. */
const MOST_LOOKS = 100_000;

export class FakeClock implements Clock {
  /** The requested length of each sleep in milliseconds. */
  readonly sleeps: number[] = [];
  readonly #plans: ((milliseconds: number) => void)[] = [];
  #looks = 0;
  #wall: number;
  #monotonic = MONOTONIC_START;

  /** @param wall milliseconds since the epoch. */
  constructor(wall: number) {
    this.#wall = wall;
  }

  wall(): number {
    if (++this.#looks > MOST_LOOKS) throw new Error(`nothing came of ${MOST_LOOKS} looks at the clock`);
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  /** Advances both times. */
  advance(milliseconds: number): void {
    this.#wall += milliseconds;
    this.#monotonic += milliseconds * 1000;
  }

  /** Sets the wall clock forward, or back if negative. */
  step(milliseconds: number): void {
    this.#wall += milliseconds;
  }

  /** Replaces the next unplanned sleep. */
  onSleep(plan: (milliseconds: number) => void): this {
    this.#plans.push(plan);
    return this;
  }

  /** Lengthens the next unplanned sleep by `milliseconds`. */
  oversleep(milliseconds: number): this {
    return this.onSleep((asked) => this.advance(asked + milliseconds));
  }

  async sleep(milliseconds: number, interruption?: Interruption): Promise<void> {
    if (interruption?.hasCome === true) return;
    this.sleeps.push(milliseconds);
    const plan = this.#plans.shift() ?? ((asked: number) => this.advance(asked));
    plan(milliseconds);
  }
}

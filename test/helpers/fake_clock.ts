/**
 * A clock that stands still until it is told to go on; a sleep tells it.
 */

import type { Clock, Interruption } from '../../collector/base/scheduler.ts';

/** Where a new clock's monotonic time stands, in microseconds; any number other than 0 would do. */
export const MONOTONIC_START = 7_000_000;

/** Whoever looks at the clock so often is caught in a circle. */
const MOST_LOOKS = 100_000;

export class FakeClock implements Clock {
  /** How long each sleep so far was asked to be, in milliseconds. */
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

  /** Time goes by. */
  advance(milliseconds: number): void {
    this.#wall += milliseconds;
    this.#monotonic += milliseconds * 1000;
  }

  /** Somebody sets the wall clock forward, or back when negative. */
  step(milliseconds: number): void {
    this.#wall += milliseconds;
  }

  /** The next sleep that has no plan yet does this instead of lasting as long as it was asked to. */
  onSleep(plan: (milliseconds: number) => void): this {
    this.#plans.push(plan);
    return this;
  }

  /** The next sleep that has no plan yet lasts as long as it was asked to and `milliseconds` more. */
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

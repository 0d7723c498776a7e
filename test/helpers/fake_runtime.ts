/**
 * A process whose clocks stand still until they are told to go on: timers fire when time reaches them, CPU time is used
 * when it is said to be.
 */

import { setImmediate as turn } from 'node:timers/promises';

import type { Runtime } from '../../collector/base/runtime.ts';

interface Timer {
  readonly at: number;
  readonly action: () => void;
}

export class FakeRuntime implements Runtime {
  /** How often it was asked to let the others have their turn. */
  yields = 0;
  /** How long each timer so far was asked to take, in milliseconds. */
  readonly asked: number[] = [];
  readonly #timers = new Set<Timer>();
  #monotonic: number;
  #cpuTime = 71_000;
  #turn: Promise<void> = Promise.resolve();
  /** How many more have their turn before the others wait. */
  #passing = 0;

  /** @param monotonic where the monotonic time begins, in microseconds. */
  constructor(monotonic = 0) {
    this.#monotonic = monotonic;
  }

  /** Timers that have neither fired nor been cancelled. */
  get waiting(): number {
    return this.#timers.size;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  cpuTime(): number {
    return this.#cpuTime;
  }

  later(milliseconds: number, action: () => void): () => void {
    this.asked.push(milliseconds);
    const timer: Timer = { at: this.#monotonic + milliseconds * 1000, action };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  yield(): Promise<void> {
    this.yields++;
    return this.#passing-- > 0 ? Promise.resolve() : this.#turn;
  }

  /** From now on whoever yields, after so many that do not, waits until the returned function is called. */
  hold(passing = 0): () => void {
    this.#passing = passing;
    let release: () => void = () => undefined;
    this.#turn = new Promise((resolve) => {
      release = resolve;
    });
    return release;
  }

  /** The process computes for so many microseconds. */
  compute(microseconds: number): void {
    this.#monotonic += microseconds;
    this.#cpuTime += microseconds;
  }

  /** Time goes by until `seconds` of the monotonic time; the timers that are due on the way fire in their order. */
  advanceTo(seconds: number): void {
    const end = seconds * 1e6;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#monotonic = Math.max(this.#monotonic, next.at);
      next.action();
    }
    this.#monotonic = Math.max(this.#monotonic, end);
  }

  /** Resolves when everything that waits for nothing but its turn has had it. */
  async settle(): Promise<void> {
    await turn();
  }
}

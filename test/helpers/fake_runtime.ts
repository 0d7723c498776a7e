/**
 * A process whose clocks only a test advances: timers fire when the time reaches them, and CPU time passes on request.
 */

import { setImmediate as turn } from 'node:timers/promises';

import type { Runtime } from '../../collector/base/runtime.ts';

interface Timer {
  readonly at: number;
  readonly action: () => void;
}

export class FakeRuntime implements Runtime {
  /** How often it yielded. */
  yields = 0;
  /** The length of each timer in milliseconds. */
  readonly asked: number[] = [];
  readonly #timers = new Set<Timer>();
  #monotonic: number;
  #cpuTime = 71_000;
  #turn: Promise<void> = Promise.resolve();
  /** How many more yields resolve before the others wait. */
  #passing = 0;

  /** @param monotonic the first monotonic time in microseconds. */
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

  /** Makes yields, except the next `passing`, wait until the returned function is called. */
  hold(passing = 0): () => void {
    this.#passing = passing;
    let release: () => void = () => undefined;
    this.#turn = new Promise((resolve) => {
      release = resolve;
    });
    return release;
  }

  /** Uses CPU time, in microseconds. */
  compute(microseconds: number): void {
    this.#monotonic += microseconds;
    this.#cpuTime += microseconds;
  }

  /** Advances the monotonic time to `seconds`; due timers fire in order. */
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

  /** Resolves when all pending callbacks have run. */
  async settle(): Promise<void> {
    await turn();
  }
}

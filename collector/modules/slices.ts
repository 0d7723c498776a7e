/** Runs long work in slices, so that everything else gets its turn in between. */

import type { Runtime } from '../base/runtime.ts';

/** Length of a slice in microseconds. */
const SLICE = 5000;

/** Work that yields wherever it may be interrupted, much more often than every {@link SLICE}, and returns its result. */
export type Work<T> = Generator<void, T, void>;

/** A result and its cost. */
export interface Done<T> {
  readonly value: T;
  /** Microseconds from start to end. */
  readonly duration: number;
  /** CPU time in microseconds. */
  readonly cpuTime: number;
}

/**
 * Runs the work to its end.
 *
 * @param isStopped checked after each pause: whether to stop.
 * @returns `undefined` if stopped.
 * @throws what the work throws.
 */
export async function inSlices<T>(
  work: Work<T>,
  runtime: Runtime,
  isStopped: () => boolean,
): Promise<Done<T> | undefined> {
  const began = runtime.monotonic();
  let cpuTime = 0;
  for (;;) {
    const before = runtime.cpuTime();
    const until = runtime.monotonic() + SLICE;
    let step: IteratorResult<void, T>;
    do {
      step = work.next();
    } while (step.done !== true && runtime.monotonic() < until);
    cpuTime += runtime.cpuTime() - before;
    if (step.done === true) return { value: step.value, duration: runtime.monotonic() - began, cpuTime };
    await runtime.yield();
    if (isStopped()) return undefined;
  }
}

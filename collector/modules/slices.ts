/** Long work in slices, between which everything else has its turn. */

import type { Runtime } from '../base/runtime.ts';

/** How long a slice may take, in microseconds. */
const SLICE = 5000;

/** Work that yields wherever it may be interrupted, much more often than {@link SLICE}, and returns its result. */
export type Work<T> = Generator<void, T, void>;

/** A result and what it took. */
export interface Done<T> {
  readonly value: T;
  /** From its beginning to its end, in microseconds. */
  readonly duration: number;
  /** CPU time that it took, in microseconds. */
  readonly cpuTime: number;
}

/**
 * Does the work.
 *
 * @param isStopped asked after each pause: whether to go no further.
 * @returns `undefined` when it was stopped.
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

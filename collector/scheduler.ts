/**
 * When to update: on the multiples of the interval, like every collector of the agent, so that their points line up.
 */

/** Time and waiting, injected so that tests need neither. */
export interface Clock {
  /** Milliseconds since the epoch; may be set back and forth while the program runs. */
  wall(): number;
  /** Microseconds since an arbitrary start; never goes back. */
  monotonic(): number;
  /** Resolves after about that many milliseconds, or as soon as `signal` is aborted; never rejects. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** One update. */
export interface Tick {
  /** Monotonic time in microseconds. */
  readonly at: number;
  /** How many multiples of the interval were skipped since the previous tick because the process was late. */
  readonly skipped: number;
}

/** A timer may fire this many milliseconds early; more than that means that the wall clock was set back. */
const EARLY_MS = 20;

/**
 * Yields the first tick at once, so that the first chart needs no waiting, and then one at every multiple of
 * `intervalSeconds` of the wall clock until `signal` is aborted.
 *
 * A tick that comes late by more than half an interval is skipped, not doubled. Two ticks are never closer than half
 * an interval, neither after the first nor when the wall clock is set back.
 */
export async function* ticks(clock: Clock, intervalSeconds: number, signal: AbortSignal): AsyncGenerator<Tick> {
  const interval = intervalSeconds * 1000;
  let last = clock.monotonic();
  let skipped = 0;
  if (!signal.aborted) yield { at: last, skipped };

  for (;;) {
    const due = await nextDue(clock, interval, signal);
    if (signal.aborted) return;
    const late = clock.wall() - due;
    const at = clock.monotonic();
    if (late > interval / 2) {
      skipped += Math.floor(late / interval) + 1;
    } else if (at - last >= (interval / 2) * 1000) {
      last = at;
      yield { at, skipped };
      skipped = 0;
    }
  }
}

/** Waits for the next multiple of `interval` and returns it; returns early when `signal` is aborted. */
async function nextDue(clock: Clock, interval: number, signal: AbortSignal): Promise<number> {
  let due = nextMultiple(clock.wall(), interval);
  while (!signal.aborted) {
    const wait = due - clock.wall();
    if (wait <= 0) break;
    await clock.sleep(wait, signal);
    if (due - clock.wall() > EARLY_MS) due = nextMultiple(clock.wall(), interval);
  }
  return due;
}

/** The first multiple of `interval` after `now`, both in milliseconds. */
function nextMultiple(now: number, interval: number): number {
  return (Math.floor(now / interval) + 1) * interval;
}

/**
 * When to update: on the multiples of the interval, like every collector of the agent, so that their points line up.
 */

/** Time and waiting, injected so that tests need neither. */
export interface Clock {
  /** Milliseconds since the epoch; may be set back and forth while the program runs. */
  wall(): number;
  /** Microseconds since an arbitrary start; never goes back. */
  monotonic(): number;
  /** Resolves after about that many milliseconds, or at once when `signal` is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** One update. */
export interface Tick {
  /** Monotonic time in microseconds. */
  readonly at: number;
  /** How many multiples of the interval have passed since the previous tick without one. */
  readonly skipped: number;
}

/** How ticks are restarted, at the same interval or another. */
export interface TicksOptions {
  /** Ends the ticks when it is aborted. */
  readonly signal?: AbortSignal;
  /** The tick before the first, if there was one, in monotonic microseconds. */
  readonly after?: number | undefined;
}

/** The first tick after a restart keeps this distance from the one before, in milliseconds. */
const NEAREST = 500;

/**
 * Yields the first tick at once, so that the first chart needs no waiting, and then one at every multiple of
 * `intervalSeconds` of the wall clock, until `signal` is aborted or the caller asks for no more.
 *
 * A tick that would come late by more than half an interval is skipped, not doubled; if the next one would be late too,
 * it comes all the same. Two ticks are never closer than half an interval, neither after the first nor when the wall
 * clock is set back.
 */
export async function* ticks(
  clock: Clock,
  intervalSeconds: number,
  { after, signal }: TicksOptions = {},
): AsyncGenerator<Tick, void> {
  const interval = intervalSeconds * 1000;
  const wait = after === undefined ? 0 : NEAREST - (clock.monotonic() - after) / 1000;
  // Cannot be aborted: however often the ticks are restarted, the first one comes.
  if (wait > 0) await clock.sleep(wait);
  let last = clock.monotonic();
  /** Since when multiples without a tick count as skipped: one that is left out on purpose does not. */
  let counted = last;
  /** Whether one was skipped because it was late, and none has come since. */
  let isBehind = false;
  yield { at: last, skipped: 0 };

  for (;;) {
    await clock.sleep(interval - sinceMultiple(clock.wall(), interval), signal);
    if (signal?.aborted === true) return;
    const at = clock.monotonic();
    const intervals = (at - last) / (interval * 1000);
    // A timer may fire early; what is left until the multiple then looks like a long time since the one before.
    const isLate = sinceMultiple(clock.wall(), interval) > interval / 2;
    if (isLate && !isBehind) {
      isBehind = intervals >= 1;
      continue;
    }
    isBehind = false;
    const passed = (at - counted) / (interval * 1000);
    counted = at;
    if (intervals < 0.5) continue;
    last = at;
    // Late by up to half an interval is late for this multiple, not beyond it.
    yield { at, skipped: Math.max(0, Math.ceil(passed - 0.5) - 1) };
  }
}

/** Milliseconds since the latest multiple of `interval`. */
function sinceMultiple(wall: number, interval: number): number {
  return wall % interval;
}

/**
 * The times of updates: multiples of the interval, like those of the agent's collectors, so that points line up.
 */

/** Clocks and sleep, injected so that tests need not wait. */
export interface Clock {
  /** Milliseconds since the epoch; can be set while the program runs. */
  wall(): number;
  /** Microseconds since an arbitrary start; never goes back. */
  monotonic(): number;
  /** Resolves after about this many milliseconds, or as soon as the interruption comes. */
  sleep(milliseconds: number, interruption?: Interruption): Promise<void>;
}

/** Ends one sleep at a time. A listener of an `AbortSignal` would be a tenth of the cost of an update. */
export class Interruption {
  hasCome = false;
  /** Ends the current sleep. */
  wake: (() => void) | undefined;

  come(): void {
    this.hasCome = true;
    this.wake?.();
  }
}

/** One update. */
export interface Tick {
  /** Monotonic time in microseconds. */
  readonly at: number;
  /** Number of multiples of the interval without a tick since the previous one. */
  readonly skipped: number;
}

/** For ticks that are restarted. */
export interface TicksOptions {
  /** Ends the ticks. */
  readonly interruption?: Interruption;
  /** Time of the last tick before the restart, in monotonic microseconds. */
  readonly after?: number | undefined;
}

/** Shortest time between the last tick before a restart and the first after it, in milliseconds. */
const NEAREST = 500;

/**
 * Yields the first tick at once, and then one at every multiple of `intervalSeconds` of the wall clock, until
 * the interruption comes or the caller stops.
 *
 * A tick that is late by more than half an interval is skipped, unless the previous one was skipped too. Two ticks are
 * at least half an interval apart, also after the first and when the wall clock is set back.
 */
export async function* ticks(
  clock: Clock,
  intervalSeconds: number,
  { after, interruption }: TicksOptions = {},
): AsyncGenerator<Tick, void> {
  const interval = intervalSeconds * 1000;
  const wait = after === undefined ? 0 : NEAREST - (clock.monotonic() - after) / 1000;
  // Not interrupted: the first tick comes however often the ticks are restarted.
  if (wait > 0) await clock.sleep(wait);
  let last = clock.monotonic();
  /** Multiples without a tick since then count as skipped; those left out on purpose do not. */
  let counted = last;
  /** Whether the last tick was skipped for being late. */
  let isBehind = false;
  yield { at: last, skipped: 0 };

  for (;;) {
    await clock.sleep(interval - (clock.wall() % interval), interruption);
    if (interruption?.hasCome === true) return;
    const at = clock.monotonic();
    const intervals = (at - last) / (interval * 1000);
    // A timer can fire early, which looks like being very late for the previous multiple.
    const isLate = clock.wall() % interval > interval / 2;
    if (isLate && !isBehind) {
      isBehind = intervals >= 1;
      continue;
    }
    isBehind = false;
    const passed = (at - counted) / (interval * 1000);
    counted = at;
    if (intervals < 0.5) continue;
    last = at;
    // Up to half an interval late belongs to this multiple.
    yield { at, skipped: Math.max(0, Math.ceil(passed - 0.5) - 1) };
  }
}

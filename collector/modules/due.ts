/** Tolerance of half a second in microseconds: ticks are not exact. */
const SLACK = 0.5e6;

/** Whether what is due at `time` is due at the tick of `at`, both monotonic times in microseconds. */
export function isDue(at: number, time: number): boolean {
  return at >= time - SLACK;
}

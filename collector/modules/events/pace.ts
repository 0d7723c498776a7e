/** How often to drain unread events so that none is lost. */

/** The longest time between two drains, in milliseconds: a burst right after a drain must fit into the buffer. */
const LONGEST = 2000;
const SHORTEST = 10;
/** How full the buffer gets at the current rate: four times that rate still loses nothing. */
const FILL = 1 / 4;
/** The most events per drain at the current rate: reading them blocks everything else for some 20 ms. */
const AT_ONCE = 25_000;

/**
 * Milliseconds until the next drain.
 *
 * @param perSecond events per second at the last drain.
 * @param capacity events that fit into the buffer.
 */
export function drainDelay(perSecond: number, capacity: number): number {
  if (!(perSecond > 0)) return LONGEST;
  const untilFilled = (Math.min(capacity * FILL, AT_ONCE) / perSecond) * 1000;
  return Math.min(LONGEST, Math.max(SHORTEST, Math.floor(untilFilled)));
}

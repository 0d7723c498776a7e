/** How often waiting events must be read so that none is lost. */

/** The longest time between two drains, in milliseconds: a flood that begins right after one must find room. */
const LONGEST = 2000;
const SHORTEST = 10;
/** Drained when the buffer is about so full at the pace of the moment, so that four times the pace loses nothing. */
const FILL = 1 / 4;
/** No more are let wait at the pace of the moment: to read them takes some 20 ms, and everything else must wait. */
const AT_ONCE = 25_000;

/**
 * Milliseconds until the next drain.
 *
 * @param perSecond events per second at the last drain.
 * @param capacity events that the buffer holds.
 */
export function drainDelay(perSecond: number, capacity: number): number {
  if (!(perSecond > 0)) return LONGEST;
  const untilFilled = (Math.min(capacity * FILL, AT_ONCE) / perSecond) * 1000;
  return Math.min(LONGEST, Math.max(SHORTEST, Math.floor(untilFilled)));
}

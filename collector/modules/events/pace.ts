/** How often waiting events must be read so that none is lost. */

/** The longest time between two drains, in milliseconds: a flood must not find the buffer half full of old events. */
const LONGEST = 10_000;
const SHORTEST = 10;
/** Drained when the buffer is about so full at the pace of the moment, so that four times the pace loses nothing. */
const FILL = 1 / 4;

/**
 * Milliseconds until the next drain.
 *
 * @param perSecond events per second at the last drain.
 * @param capacity events that the buffer holds.
 */
export function drainDelay(perSecond: number, capacity: number): number {
  if (!(perSecond > 0)) return LONGEST;
  const untilFilled = ((capacity * FILL) / perSecond) * 1000;
  return Math.min(LONGEST, Math.max(SHORTEST, Math.floor(untilFilled)));
}

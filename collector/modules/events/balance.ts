/**
 * Decides from the number of entries whether the kernel reports every connection that ends.
 *
 * The kernel reports the end of an entry only if it prepared the entry for that when it created it: with
 * `nf_conntrack_events` at 2 while a process listens in any network namespace, at 1 always, at 0 never. This cannot be
 * queried later, but the number of entries shows it. Between two moments,
 *
 *     entries now − entries then = entries created − entries ended
 *
 * so `excess`, the number of entries minus the sum of the events, stays the same while every start and end is reported,
 * and falls by one with every end that is not. Entries that are not in the table, because their first packet is on its
 * way or their last reference is not gone, raise the excess for a moment. So it is compared with the lowest excess so
 * far. When it falls below, the ends of that interval are unknown, and the remaining entries are suspect: ends are
 * trusted again when
 *
 * - the table holds no more entries than are known to be young: reported starts minus all reported ends. Ends of older
 *   entries are subtracted too, so this is a lower bound; or
 * - no end went unreported for a minute. Old entries that remain may still end unreported, and are noticed then.
 *
 * It cannot see unreported ends that coincide with as many packets on their way.
 */

/** Ends are trusted after this long without an unreported one, in microseconds. */
const PROBATION = 60e6;

export class Balance {
  /** Entries created minus entries ended, as reported since {@link restart}. */
  #reported = 0;
  /** Lower bound of the entries in the table whose start was reported. */
  #young = 0;
  /** The lowest excess since then; `undefined` until the number of entries is known. */
  #lowest: number | undefined;
  /** The lowest excess since the last event. */
  #lowestInSilence = 0;
  /** Whether the end of every entry in the table is known to be reported. */
  #isCovered: boolean;
  #trustedFrom: number;

  /** By how many entries the table has grown since the last event. */
  growth = 0;

  /**
   * @param entries in the table right after listening began; `undefined` when unknown.
   * @param at monotonic time in microseconds.
   */
  constructor(entries: number | undefined, at: number) {
    this.#isCovered = entries === 0;
    this.#trustedFrom = at + PROBATION;
    this.restart(entries);
  }

  /** Starts over because events were lost. The entries are the same, so whether their ends are reported is too. */
  restart(entries: number | undefined): void {
    this.#reported = 0;
    this.#young = 0;
    this.#lowest = entries;
    this.#lowestInSilence = entries ?? 0;
    this.growth = 0;
  }

  /**
   * Adds the events of an interval.
   *
   * @param entries in the table at its end, when all events until then are counted; `undefined` when unknown.
   * @param at monotonic time in microseconds.
   * @returns whether every connection that ended in the interval was reported.
   */
  isWhole(created: number, destroyed: number, entries: number | undefined, at: number): boolean {
    this.#reported += created - destroyed;
    this.#young = Math.max(0, this.#young + created - destroyed);
    if (entries === undefined) return this.#isCovered;
    if (this.#lowest === undefined) {
      this.restart(entries);
      return this.#isCovered;
    }
    const excess = entries - this.#reported;
    this.#watchGrowth(excess, created + destroyed > 0);
    const isWhole = excess >= this.#lowest && (this.#isCovered || at >= this.#trustedFrom);
    if (excess < this.#lowest) {
      this.#lowest = excess;
      this.#isCovered = false;
      this.#trustedFrom = at + PROBATION;
    }
    // Fewer entries than reported: ends of reported entries went unreported, so the sum is useless.
    if (excess < 0) this.restart(entries);
    if (entries <= this.#young) this.#isCovered = true;
    return isWhole;
  }

  #watchGrowth(excess: number, isReported: boolean): void {
    this.#lowestInSilence = isReported ? excess : Math.min(this.#lowestInSilence, excess);
    this.growth = excess - this.#lowestInSilence;
  }
}

/**
 * Whether the reports of the kernel tell of every connection that ends, judged by the number of entries in the table.
 *
 * The kernel reports the end of an entry only if it prepared the entry for reports when it made it. With
 * `nf_conntrack_events` at 2 it does so while a process listens, in any network namespace; at 1 always; at 0 never. What it
 * did when an entry was made cannot be asked later. But the number of entries shows it: of two moments,
 *
 *     entries now − entries then = entries made − entries ended
 *
 * so that `excess`, the number of entries less what the reports add up to, stays the same while every beginning and
 * every end is reported, and falls by one with every end that is not. Entries that are not in the table, because their
 * first packet is still on its way or the last one not yet gone, are counted too: they lift the excess for a moment. So
 * the lowest excess so far is what it is compared with. Where it falls below, the ends of that interval are not known,
 * and nothing is known of the entries that are left: their ends are believed again when
 *
 * - the table holds no more entries than are known to be young: those whose beginning was reported, less every end that
 *   was. Ends of older entries are taken for ends of young ones, so that there are at least as many; or
 * - no end went unreported for a minute. Old entries that are left may still end without a report, and are found out then.
 *
 * What it cannot see are ends that go unreported while as many packets are on their way.
 */

/** So long must every end be reported before ends are believed, in microseconds. */
const PROBATION = 60e6;

export class Balance {
  /** Entries made less entries ended, as reported since {@link restart}. */
  #reported = 0;
  /** At least so many entries in the table are ones whose beginning was reported. */
  #young = 0;
  /** The lowest excess since then; `undefined` until the number of entries is known. */
  #lowest: number | undefined;
  /** The lowest excess since anything was reported. */
  #lowestInSilence = 0;
  /** Whether every entry in the table is known to be one whose end is reported. */
  #isCovered: boolean;
  #believedFrom: number;

  /** What the table has more than it had since anything was reported. */
  growth = 0;

  /**
   * @param entries in the table right after the reports began; `undefined` when that is not known.
   * @param at monotonic time in microseconds.
   */
  constructor(entries: number | undefined, at: number) {
    this.#isCovered = entries === 0;
    this.#believedFrom = at + PROBATION;
    this.restart(entries);
  }

  /** Starts over because reports were lost. The entries are the same: an end that would be reported still will be. */
  restart(entries: number | undefined): void {
    this.#reported = 0;
    this.#young = 0;
    this.#lowest = entries;
    this.#lowestInSilence = entries ?? 0;
    this.growth = 0;
  }

  /**
   * Takes what was reported in an interval.
   *
   * @param entries in the table at its end, with all reports until then taken; `undefined` when that is not known.
   * @param at monotonic time in microseconds.
   * @returns whether the reports tell of every connection that ended in it.
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
    const isWhole = excess >= this.#lowest && (this.#isCovered || at >= this.#believedFrom);
    if (excess < this.#lowest) {
      this.#lowest = excess;
      this.#isCovered = false;
      this.#believedFrom = at + PROBATION;
    }
    // Fewer than were reported: ends of reported entries went unreported, and the sum is of no use.
    if (excess < 0) this.restart(entries);
    if (entries <= this.#young) this.#isCovered = true;
    return isWhole;
  }

  #watchGrowth(excess: number, isReported: boolean): void {
    this.#lowestInSilence = isReported ? excess : Math.min(this.#lowestInSilence, excess);
    this.growth = excess - this.#lowestInSilence;
  }
}

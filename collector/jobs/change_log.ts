/** Logs which network namespaces are watched: one line for each change, and one summary for all of a busy minute. */

import type { Fields, Log } from '../base/log.ts';

/** Most lines in a minute. */
const MOST = 10;
/** Microseconds. */
const MINUTE = 60e6;

export class ChangeLog {
  readonly #log: Log;
  #began = Number.NEGATIVE_INFINITY;
  #lines = 0;
  /** Changes of the current minute that were not logged, by message. */
  readonly #withheld = new Map<string, number>();

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * Logs a change, unless there were too many.
   *
   * @param at monotonic time in microseconds.
   */
  add(at: number, message: string, fields: Fields): void {
    this.flush(at);
    if (this.#lines++ < MOST) this.#log.info(message, fields);
    else this.#withheld.set(message, (this.#withheld.get(message) ?? 0) + 1);
  }

  /** Logs a summary of what was withheld, a minute after the first change. */
  flush(at: number): void {
    if (at - this.#began < MINUTE) return;
    for (const [message, times] of this.#withheld) this.#log.info(message, { more: times });
    this.#withheld.clear();
    this.#lines = 0;
    this.#began = at;
  }
}

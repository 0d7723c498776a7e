/** Logs events that were lost: dropped by the kernel, or not understood. */

import { Condition, type Log } from '../../base/log.ts';
import type { EventTally } from './event_tally.ts';

/** An overrun is logged no more often, in microseconds. */
const OVERRUN_LOG = 60e6;

export class LossLog {
  readonly #log: Log;
  readonly #malformed: Condition;
  #next = Number.NEGATIVE_INFINITY;
  #overruns = 0;

  constructor(log: Log) {
    this.#log = log;
    this.#malformed = new Condition(log);
  }

  /** Logs what was lost of a tally that was read at `at`, a monotonic time in microseconds. */
  report({ malformed, overruns }: EventTally, at: number): void {
    if (malformed !== undefined) {
      const message = 'the kernel reported what cannot be understood: new and destroyed connections are not drawn';
      this.#malformed.enter('malformed', 'warning', message, { error: malformed });
    } else {
      this.#malformed.works('the reports of the kernel can be understood');
    }
    this.#overruns += overruns;
    if (this.#overruns === 0 || at < this.#next) return;
    this.#next = at + OVERRUN_LOG;
    const message =
      'the kernel reported faster than was read: new and destroyed connections of that time are not drawn; ' +
      'if it happens often, raise modules.events.receive_buffer';
    this.#log.warning(message, { overruns: this.#overruns });
    this.#overruns = 0;
  }
}

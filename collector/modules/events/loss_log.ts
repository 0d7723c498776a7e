/** Logs lost events: dropped by the kernel, or malformed. */

import { Condition, type Log } from '../../base/log.ts';
import { messageWithFix, problemAt } from '../problem.ts';
import type { EventTally } from './event_tally.ts';

/** Microseconds between two log lines about overruns. */
const OVERRUN_LOG = 60e6;

export class LossLog {
  readonly #log: Log;
  readonly #malformed: Condition;
  /** The effect of malformed events, at the start of their log line. */
  readonly #lost: string;
  #next = Number.NEGATIVE_INFINITY;
  #overruns = 0;

  constructor(log: Log, lost: string) {
    this.#log = log;
    this.#lost = lost;
    this.#malformed = new Condition(log);
  }

  /** Logs the losses of a tally that was read at `at`, a monotonic time in microseconds. */
  report({ malformed, overruns }: EventTally, at: number): void {
    if (malformed === undefined) {
      this.#malformed.works("the kernel's events are well-formed");
    } else {
      const problem = problemAt('malformed_reply', 'ctnetlink', malformed);
      const message = `${this.#lost}: ${messageWithFix(problem)}`;
      this.#malformed.enter('malformed', 'warning', message, { code: problem.code });
    }
    this.#overruns += overruns;
    if (this.#overruns === 0 || at < this.#next) return;
    this.#next = at + OVERRUN_LOG;
    const message =
      'the receive buffer overflowed: no rates of new and destroyed connections for that time; ' +
      'if this happens often, raise modules.events.receive_buffer';
    this.#log.warning(message, { overruns: this.#overruns });
    this.#overruns = 0;
  }
}

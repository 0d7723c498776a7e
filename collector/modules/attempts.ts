/** Retries a source after a delay when it cannot be read, and logs each problem once. */

import { Condition, type Level, type Log } from '../base/log.ts';
import { isDue } from './due.ts';
import { type InterfaceName, isOrdinary, messageWithFix, type Problem, problemErrorOf } from './problem.ts';

/** Seconds until the next attempt after a failure: soon enough that one failure does not make a chart obsolete. */
const RETRY = 30;

export interface AttemptsOptions {
  readonly log: Log;
  /** The interface that the source is read through. */
  readonly from: InterfaceName;
  /** What cannot be read: a path; the name of the interface if not given. */
  readonly target?: string;
  /** How much is lost without the source; all if not given. */
  readonly loses?: Problem['loses'];
  /** The effect of the problem, at the start of the log line. */
  readonly lost: string;
  /** Logged when the source can be read, with "again" if it worked before. */
  readonly back: string;
  /** Whether the operator requires the source: every problem is then an error in the log. */
  readonly required: boolean;
  /** The level of a problem otherwise; notice if not given. */
  readonly level?: Level;
  /** Seconds until the next attempt after a failure; 30 if not given. */
  readonly retry?: number;
  /** A source that worked less than this many microseconds ago is retried at once; 0 if not given. */
  readonly patience?: number;
}

/** When to try one source, and its current problem. */
export class Attempts {
  readonly #options: AttemptsOptions;
  readonly #condition: Condition;
  #next = Number.NEGATIVE_INFINITY;
  #succeededAt = Number.NEGATIVE_INFINITY;
  #problem: Problem | undefined;

  constructor(options: AttemptsOptions) {
    this.#options = options;
    this.#condition = new Condition(options.log);
  }

  /** Whether the source is to be tried at `at`, a monotonic time in microseconds. */
  isDue(at: number): boolean {
    return isDue(at, this.#next);
  }

  /** The problem of the last attempt; none if it succeeded. */
  get problem(): Problem | undefined {
    return this.#problem;
  }

  /** The same as a list. */
  get problems(): readonly Problem[] {
    return this.#problem === undefined ? [] : [this.#problem];
  }

  /** Records that the source could be read at `at`. */
  succeeded(at: number): void {
    this.#succeededAt = at;
    this.#problem = undefined;
    this.#condition.works(this.#options.back);
  }

  /**
   * Schedules the next attempt and logs the problem, unless it is the one that was logged last.
   *
   * @param level of a source that is not required; that of the options if not given.
   * @throws `error` when it is a defect of this program.
   */
  failed(at: number, error: unknown, level = this.#options.level ?? 'notice'): void {
    const { from, loses = 'all', lost, patience = 0, required, retry = RETRY, target } = this.#options;
    const { errno, problem } = problemErrorOf(error, from, target);
    this.#problem = { ...problem, loses };
    this.#next = at - this.#succeededAt < patience ? at : at + retry * 1e6;
    if (isOrdinary(problem) && !required) return;
    const { code } = problem;
    const message = `${lost}: ${messageWithFix(problem)}`;
    const severity = code === 'namespace_gone' ? 'info' : required ? 'error' : level;
    this.#condition.enter(`${code} ${errno}`, severity, message, { code, errno, retry: `${retry}s` });
  }
}

/**
 * Getting at a source that can be out of reach: it is tried again seldom, and why it is out of reach is said once.
 */

import { Condition, type Level, type Log } from '../base/log.ts';
import { type Obstacle, obstacleOf, type Remedies } from './access.ts';
import { isDue } from './due.ts';

/** Seconds after a failure until the source is tried again. A chart outlives one failure. */
const RETRY = 30;

export interface AttemptsOptions {
  readonly log: Log;
  /** What is lost without the source; the log line begins with it. */
  readonly lost: string;
  /** Logged when the source can be had, with "again" if it ever could. */
  readonly back: string;
  /** What an operator can do about an error of the source. */
  readonly remedies: Remedies;
  /** Whether the source is expected to be there: that it is not is then an error in the log. */
  readonly required: boolean;
  /** How severe it is otherwise; a notice if not given. */
  readonly level?: Level;
  /** Seconds after a failure until the source is tried again; 30 if not given. */
  readonly retry?: number;
  /** A source that was there less than so many microseconds ago is tried again at once; 0 if not given. */
  readonly patience?: number;
}

/** When to try a source, and what was said of it. */
export class Attempts {
  readonly #options: AttemptsOptions;
  readonly #state: Condition;
  #next = Number.NEGATIVE_INFINITY;
  #succeededAt = Number.NEGATIVE_INFINITY;
  #obstacle: Obstacle | undefined;

  constructor(options: AttemptsOptions) {
    this.#options = options;
    this.#state = new Condition(options.log);
  }

  /** Whether the source is to be tried at `at`, a monotonic time in microseconds. */
  isDue(at: number): boolean {
    return isDue(at, this.#next);
  }

  /** What is in the way, as of the last attempt. */
  get obstacle(): Obstacle | undefined {
    return this.#obstacle;
  }

  /** Takes down that the source was there at `at`. */
  succeeded(at: number): void {
    this.#succeededAt = at;
    this.#obstacle = undefined;
    this.#state.works(this.#options.back);
  }

  /**
   * Plans the next attempt and says what is in the way, unless it was said before.
   *
   * @param level how severe it is where the source is not required; that of the options if not given.
   * @throws `error` when it is a defect of this program.
   */
  failed(at: number, error: unknown, level = this.#options.level ?? 'notice'): void {
    const { lost, patience = 0, remedies, required, retry = RETRY } = this.#options;
    const obstacle = obstacleOf(error, remedies);
    this.#obstacle = obstacle;
    this.#next = at - this.#succeededAt < patience ? at : at + retry * 1e6;
    if (obstacle.isOrdinary && !required) return;
    const message = `${lost}: ${obstacle.message}; trying again every ${inWords(retry)}`;
    this.#state.enter(obstacle.state, required ? 'error' : level, message);
  }
}

function inWords(seconds: number): string {
  return seconds % 60 === 0 ? `${seconds / 60} minutes` : `${seconds} seconds`;
}

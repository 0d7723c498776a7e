/**
 * Costly work that is done in the background, between the updates: as often as that is affordable, and after a failure
 * not before a while.
 */

import type { Log } from '../base/log.ts';
import type { Runtime } from '../base/runtime.ts';
import type { Obstacle, Remedies } from './access.ts';
import { AffordableInterval } from './affordable_interval.ts';
import { Attempts } from './attempts.ts';
import { isDue } from './due.ts';
import { type Done, inSlices, type Work } from './slices.ts';

/** CPU time that the first time takes on top, in microseconds, because the program has yet to be compiled. */
const WARM_UP = 150_000;

export interface SurveyOptions<T> {
  readonly log: Log;
  readonly runtime: Runtime;
  /** Seconds between two ticks. */
  readonly tick: number;
  /** Seconds between two times, when these are cheap. */
  readonly every: number;
  /** The share of one CPU that it may take, from 0 to 1. */
  readonly share: number;
  /** Begins it, given the monotonic time of the tick in microseconds. */
  readonly begin: (at: number) => Work<T>;
  /** Lets go of what it uses, after a failure and in the end. */
  readonly release: () => void;
  /** Whether it cost more than it will the next time, so that the interval must not follow; never if not given. */
  readonly isExceptional?: (value: T) => boolean;
  /** Whether it is to be done half as often, to spare what it is done to. */
  readonly isSpared?: (value: T) => boolean;
  /** What is lost without it; the log line begins with it. */
  readonly lost: string;
  /** Logged when it can be done, with "again" if it ever could. */
  readonly back: string;
  /** Logged, with what was counted, when it is done at another interval. */
  readonly repaced: string;
  readonly counted: (value: T) => Readonly<Record<string, number>>;
  readonly remedies: Remedies;
  /** Whether it is expected to succeed: that it does not is then an error in the log. */
  readonly required: boolean;
}

export class Survey<T> {
  readonly #options: SurveyOptions<T>;
  readonly #interval: AffordableInterval;
  readonly #attempts: Attempts;
  #isBusy = false;
  #isWarm = false;
  #isClosed = false;
  /** What has been found since the last call. */
  #latest: Done<T> | undefined;
  /** What went wrong since the last call. */
  #failure: unknown;
  #next = Number.NEGATIVE_INFINITY;

  constructor(options: SurveyOptions<T>) {
    const { back, every, log, lost, remedies, required, share, tick } = options;
    this.#options = options;
    this.#interval = new AffordableInterval({ shortest: every, tick, share });
    this.#attempts = new Attempts({ log, lost, back, remedies, required });
  }

  /** Seconds between two times at present. */
  get every(): number {
    return this.#interval.seconds;
  }

  /** What is in the way, as of the last time. */
  get obstacle(): Obstacle | undefined {
    return this.#attempts.obstacle;
  }

  /**
   * Returns what has been found since the last call, and begins anew when that is due.
   *
   * @param at monotonic time in microseconds.
   * @param isTaken whether what is returned is used; otherwise the next call returns it again.
   */
  collect(at: number, isTaken: boolean): Done<T> | undefined {
    const latest = this.#latest;
    if (isTaken) this.#latest = undefined;
    if (this.#failure !== undefined) this.#giveUp(at);
    if (!this.#isBusy && isDue(at, this.#next) && this.#attempts.isDue(at)) {
      this.#next = at + this.every * 1e6;
      this.#isBusy = true;
      // Nothing is thrown: what goes wrong is kept for the next call.
      void this.#run(at);
    }
    return latest;
  }

  close(): void {
    this.#isClosed = true;
    this.#options.release();
  }

  async #run(at: number): Promise<void> {
    const { begin, runtime } = this.#options;
    try {
      // The update that asked for it goes first.
      await runtime.yield();
      if (this.#isClosed) return;
      const done = await inSlices(begin(at), runtime, () => this.#isClosed);
      if (done !== undefined) this.#take(done, at);
    } catch (error) {
      this.#failure = error;
    } finally {
      this.#isBusy = false;
    }
  }

  #take(done: Done<T>, at: number): void {
    const { counted, isExceptional, isSpared, log, repaced } = this.#options;
    const before = this.every;
    if (isExceptional?.(done.value) !== true) {
      const cpuTime = this.#isWarm ? done.cpuTime : done.cpuTime - WARM_UP;
      this.#isWarm = true;
      this.#interval.update(cpuTime / 1e6, isSpared?.(done.value) ?? false);
    }
    this.#next = at + this.every * 1e6;
    this.#latest = done;
    this.#attempts.succeeded(at);
    if (this.every === before) return;
    log.info(repaced, { ...counted(done.value), cpu_ms: Math.round(done.cpuTime / 1000), seconds: this.every });
  }

  #giveUp(at: number): void {
    const failure = this.#failure;
    this.#failure = undefined;
    this.#options.release();
    this.#attempts.failed(at, failure);
    this.#next = at;
  }
}

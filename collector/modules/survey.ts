/** Expensive work in the background, between updates: as often as is affordable, and retried a while after a failure. */

import type { Runtime } from '../base/runtime.ts';
import { AffordableInterval } from './affordable_interval.ts';
import { Attempts, type AttemptsOptions } from './attempts.ts';
import type { Claim } from './budget.ts';
import { DeferredError } from './deferred.ts';
import { isDue } from './due.ts';
import type { Problem } from './problem.ts';
import { Recall } from './recall.ts';
import { type Done, inSlices, type Work } from './slices.ts';

/** Extra CPU time of the first run in microseconds, before the program is compiled. */
const WARM_UP = 150_000;

/** Microseconds between two hastened runs per second of the interval. */
const HASTENED = 0.25e6;

export interface SurveyOptions<T>
  extends Pick<AttemptsOptions, 'log' | 'from' | 'target' | 'lost' | 'back' | 'required'> {
  readonly runtime: Runtime;
  /** Seconds between two ticks. */
  readonly tick: number;
  /** Seconds between two runs, if these are cheap. */
  readonly every: number;
  /** CPU time that it may use. */
  readonly claim: Claim;
  /** Begins a run, given the monotonic time of the tick in microseconds. */
  readonly begin: (at: number) => Work<T>;
  /**
   * A cheap sign of what a run would find: while it is the same, the result of an expensive run is repeated, for up to half
   * a minute. `undefined` if nothing is known; each run is made if not given. Throws like a run.
   */
  readonly sign?: () => string | undefined;
  /** Releases its resources, after a failure and at the end. */
  readonly release: () => void;
  /** Whether the run cost more than the next one will, so the interval stays; never if not given. */
  readonly isExceptional?: (value: T) => boolean;
  /** Whether to run half as often, to reduce the load on what is read. */
  readonly isSpared?: (value: T) => boolean;
  /** Learns from a run; not from the first, before the program is compiled. */
  readonly ran?: (done: Done<T>) => void;
  /** Logged, with what was counted, when the interval changes. */
  readonly repaced: string;
  readonly counted: (value: T) => Readonly<Record<string, number>>;
}

export class Survey<T> {
  readonly #options: SurveyOptions<T>;
  readonly #interval: AffordableInterval;
  readonly #attempts: Attempts;
  readonly #recall = new Recall<T>();
  #isBusy = false;
  #isWarm = false;
  #isClosed = false;
  /** The result since the last call. */
  #latest: Done<T> | undefined;
  readonly #failure = new DeferredError();
  #next = Number.NEGATIVE_INFINITY;
  #began = Number.NEGATIVE_INFINITY;
  #hastenedUntil = Number.NEGATIVE_INFINITY;

  constructor(options: SurveyOptions<T>) {
    const { claim, every, tick } = options;
    this.#options = options;
    this.#interval = new AffordableInterval({ shortest: every, tick, claim });
    this.#attempts = new Attempts(options);
  }

  /** Seconds between two runs at present. */
  get every(): number {
    return this.#interval.seconds;
  }

  /** The problem of the last run. */
  get problems(): readonly Problem[] {
    return this.#attempts.problems;
  }

  /**
   * Returns the result since the last call, and begins the next run when it is due.
   *
   * @param at monotonic time in microseconds.
   * @param isTaken whether what is returned is used; otherwise the next call returns it again.
   */
  collect(at: number, isTaken: boolean): Done<T> | undefined {
    const latest = this.#latest;
    if (isTaken) this.#latest = undefined;
    const failure = this.#failure.take();
    if (failure !== undefined) this.#giveUp(at, failure);
    const next = at < this.#hastenedUntil ? Math.min(this.#next, this.#began + this.every * HASTENED) : this.#next;
    if (!this.#isBusy && isDue(at, next) && this.#attempts.isDue(at)) {
      this.#next = at + this.every * 1e6;
      this.#began = at;
      this.#isBusy = true;
      // Never rejects: the next call handles an error.
      void this.#run(at);
    }
    return latest;
  }

  /** Runs four times as often for one interval from `at`, because what was found has begun to change. */
  hasten(at: number): void {
    this.#hastenedUntil = at + this.every * 1e6;
  }

  close(): void {
    this.#isClosed = true;
    this.#options.claim.release();
    this.#options.release();
  }

  async #run(at: number): Promise<void> {
    const { begin, runtime, sign: look } = this.#options;
    try {
      // The current update goes first.
      await runtime.yield();
      if (this.#isClosed) return;
      const sign = look?.();
      const last = this.#recall.repeat(at, sign);
      if (last !== undefined) {
        this.#latest = { value: last.value, duration: 0, cpuTime: 0 };
        return;
      }
      const done = await inSlices(begin(at), runtime, () => this.#isClosed);
      if (done === undefined) return;
      this.#recall.learn(at, sign, done.value, done.cpuTime);
      this.#take(done, at);
    } catch (error) {
      this.#failure.keep(error);
    } finally {
      this.#isBusy = false;
    }
  }

  #take(done: Done<T>, at: number): void {
    const { counted, isExceptional, isSpared, log, ran, repaced } = this.#options;
    const before = this.every;
    if (this.#isWarm) ran?.(done);
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

  #giveUp(at: number, failure: unknown): void {
    this.#options.release();
    this.#attempts.failed(at, failure);
    this.#next = at;
  }
}

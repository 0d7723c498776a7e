/**
 * Collecting for an agent, from the first valid configuration to the last update. The configuration can be reloaded; an
 * invalid one changes nothing.
 */

import { Condition, type Log } from '../base/log.ts';
import { type Clock, Interruption, type Tick, ticks } from '../base/scheduler.ts';
import { ConfigError } from '../config/error.ts';

/** Milliseconds until an invalid configuration is read again. */
const RETRY = 2000;

/** The part of a configuration that a session needs. */
interface Readable {
  /** Its path; `undefined` without a file. */
  readonly file: string | undefined;
  /** Seconds between two updates. */
  readonly every: number;
}

export interface SessionOptions<T extends Readable> {
  readonly clock: Clock;
  readonly log: Log;
  /**
   * Reads the configuration.
   *
   * @throws {ConfigError} when it cannot be read or is invalid.
   */
  readonly read: () => Promise<T>;
  /** Applies a configuration, and returns whether any module is on. */
  readonly apply: (request: T) => boolean;
  readonly tick: (tick: Tick) => void;
  /** Whether to wait for a fix if the configuration is invalid at the start. */
  readonly isPatient: boolean;
  /** Number of updates after which it ends. */
  readonly most: number;
}

export class Session<T extends Readable> {
  readonly #options: SessionOptions<T>;
  #interruption = new Interruption();

  constructor(options: SessionOptions<T>) {
    this.#options = options;
  }

  /** Reloads the configuration after the current update. */
  reload(): void {
    this.#interruption.come();
  }

  /**
   * Runs all updates.
   *
   * @returns `false`, without any update, if the first configuration turns every module off.
   * @throws {ConfigError} when the first configuration is invalid and `isPatient` is not set.
   */
  async run(): Promise<boolean> {
    const { apply, clock, most, tick } = this.#options;
    let request = await this.#firstValid();
    if (!apply(request)) return false;
    let after: number | undefined;
    for (let left = most; ; ) {
      const interruption = this.#interruption;
      for await (const due of ticks(clock, request.every, { interruption, after })) {
        tick(due);
        after = due.at;
        if (--left <= 0) return true;
      }
      this.#interruption = new Interruption();
      request = (await this.#readAgain()) ?? request;
    }
  }

  async #firstValid(): Promise<T> {
    const { clock, isPatient, log, read } = this.#options;
    const invalid = new Condition(log);
    for (;;) {
      try {
        const request = await read();
        invalid.leave('the configuration is valid: starting', { file: request.file });
        return request;
      } catch (error) {
        if (!isPatient || !(error instanceof ConfigError)) throw error;
        invalid.enter(error.message, 'error', `${error.message}; waiting until this is fixed`);
      }
      await clock.sleep(RETRY, this.#interruption);
      this.#interruption = new Interruption();
    }
  }

  /** Reads and applies the configuration; `undefined` if it is invalid. */
  async #readAgain(): Promise<T | undefined> {
    const { apply, log, read } = this.#options;
    try {
      const request = await read();
      apply(request);
      log.info('the configuration was reloaded', { file: request.file });
      return request;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      log.error(`${error.message}; keeping the running configuration`);
      return undefined;
    }
  }
}

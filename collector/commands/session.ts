/**
 * Collecting for an agent, from the first valid configuration to the last update. The configuration can be reloaded
 * meanwhile; an invalid one changes nothing.
 */

import { Condition, type Log } from '../base/log.ts';
import { type Clock, type Tick, ticks } from '../base/scheduler.ts';
import { ConfigError } from '../config/load.ts';

/** An invalid configuration is looked at again after so many milliseconds. */
const LOOK_AGAIN = 2000;

/** What a session must know of a configuration. */
interface Readable {
  /** Where it came from; `undefined` if there is no file. */
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
   * @throws {ConfigError} when it cannot be read or is wrong.
   */
  readonly read: () => T;
  /** Puts a configuration into effect, and returns whether it leaves anything to do. */
  readonly apply: (asked: T) => boolean;
  readonly tick: (tick: Tick) => void;
  /** Whether a configuration that is invalid at the start is waited for until it is fixed. */
  readonly isPatient: boolean;
  /** Updates until it ends. */
  readonly most: number;
}

export class Session<T extends Readable> {
  readonly #options: SessionOptions<T>;
  #interruption = new AbortController();

  constructor(options: SessionOptions<T>) {
    this.#options = options;
  }

  /** Has the configuration read again as soon as no update is under way. */
  reload(): void {
    this.#interruption.abort();
  }

  /**
   * Updates until it has done so as often as it was asked to.
   *
   * @returns `false`, and has done nothing, if the first configuration left nothing to do.
   * @throws {ConfigError} when the first configuration is invalid and not waited for.
   */
  async run(): Promise<boolean> {
    const { apply, clock, most, tick } = this.#options;
    let asked = await this.#firstValid();
    if (!apply(asked)) return false;
    let after: number | undefined;
    for (let left = most; ; ) {
      const { signal } = this.#interruption;
      for await (const due of ticks(clock, asked.every, { signal, after })) {
        tick(due);
        after = due.at;
        if (--left <= 0) return true;
      }
      this.#interruption = new AbortController();
      asked = this.#readAgain() ?? asked;
    }
  }

  async #firstValid(): Promise<T> {
    const { clock, isPatient, log, read } = this.#options;
    const invalid = new Condition(log);
    for (;;) {
      try {
        const asked = read();
        invalid.leave('the configuration is valid: starting', { file: asked.file });
        return asked;
      } catch (error) {
        if (!isPatient || !(error instanceof ConfigError)) throw error;
        invalid.enter(error.message, 'error', `${error.message}; waiting until this is fixed`);
      }
      await clock.sleep(LOOK_AGAIN, this.#interruption.signal);
      this.#interruption = new AbortController();
    }
  }

  /** The configuration as it is now, in effect; `undefined` if it is invalid. */
  #readAgain(): T | undefined {
    const { apply, log, read } = this.#options;
    try {
      const asked = read();
      apply(asked);
      log.info('the configuration was reloaded', { file: asked.file });
      return asked;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      log.error(`${error.message}; keeping the running configuration`);
      return undefined;
    }
  }
}

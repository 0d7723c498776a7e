/**
 * Standard output towards the agent: whole pieces only, never more than one of them waiting in memory.
 *
 * Node.js writes to a pipe without blocking: what the pipe does not take stays in the stream's buffer. While something
 * stays there the agent is not reading; ticks are then dropped whole, so the stream goes on well formed when it reads
 * again.
 */

import type { Writable } from 'node:stream';

import { Condition, type Log } from './log.ts';

/** Answers to calls are queued even while the agent does not read, but not beyond this many bytes. */
const MOST_QUEUED = 4 * 1024 * 1024;

export class Output {
  readonly #stream: Writable;
  readonly #blocked: Condition;
  readonly #flooded: Condition;
  #dropped = 0;

  constructor(stream: Writable, log: Log) {
    this.#stream = stream;
    this.#blocked = new Condition(log);
    this.#flooded = new Condition(log);
  }

  /**
   * Asks for room for one tick. `false` while the agent has not read the previous one: the tick must be dropped, which
   * is counted and logged once.
   */
  ready(): boolean {
    if (this.#stream.writableLength > 0) {
      this.#dropped++;
      this.#blocked.enter('blocked', 'warning', 'the agent does not read: updates are dropped until it does');
      return false;
    }
    if (this.#dropped > 0) {
      this.#blocked.leave('the agent reads again', { dropped: this.#dropped });
      this.#dropped = 0;
    }
    return true;
  }

  /** Writes one tick with one call. */
  tick(text: string): void {
    if (text !== '') this.#stream.write(text);
  }

  /** Writes an answer, also while the agent does not read: every call must be answered. */
  answer(text: string): void {
    if (this.#stream.writableLength > MOST_QUEUED) {
      this.#flooded.enter('flooded', 'warning', 'the agent calls functions and does not read: answers are dropped');
      return;
    }
    this.#flooded.leave('calls of functions are answered again');
    this.#stream.write(text);
  }

  /** Resolves when all that was written has left the process. */
  async flush(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#stream.write('', () => resolve());
    });
  }
}

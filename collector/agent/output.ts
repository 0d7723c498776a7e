/**
 * Standard output to the agent. Ticks and answers are written whole, ticks first, with at most one of each in the
 * stream.
 *
 * Node.js writes to a pipe without blocking: what does not fit into the pipe stays in the stream's buffer. A tick that
 * stays there means that the agent is not reading; whole ticks are then dropped, so the stream is still well formed
 * when the agent reads again. An answer that stays there means nothing: it may be larger than a pipe.
 */

import type { Writable } from 'node:stream';
import { Condition, type Log } from '../base/log.ts';
import type { Destination } from '../jobs/renderer.ts';

/** Characters of answers that wait while the agent does not read, beyond which calls are refused. */
const MOST_WAITING = 4 * 1024 * 1024;
/** The agent counts as reading again after this many ticks in a row: a slow agent takes one now and then. */
const TAKEN_IN_A_ROW = 3;

export class Output implements Destination {
  readonly #stream: Writable;
  readonly #blocked: Condition;
  readonly #flooded: Condition;
  #dropped = 0;
  /** Ticks since the last dropped one. */
  #taken = 0;
  #isTickWaiting = false;
  #isSilent = true;
  readonly #answers: string[] = [];
  /** Characters of the answers that wait, including the one in the stream. */
  #waiting = 0;

  constructor(stream: Writable, log: Log) {
    this.#stream = stream;
    this.#blocked = new Condition(log);
    this.#flooded = new Condition(log);
  }

  /**
   * Whether there is room for a tick. `false` while the agent has not read the previous one: this one must be dropped.
   * Drops are counted, and logged once.
   */
  ready(): boolean {
    if (this.#isTickWaiting && this.#stream.writableLength > 0) {
      this.#dropped++;
      this.#taken = 0;
      this.#blocked.enter('blocked', 'warning', 'the agent does not read: updates are dropped until it does');
      return false;
    }
    if (this.#dropped > 0 && ++this.#taken === TAKEN_IN_A_ROW) {
      this.#blocked.leave('the agent reads again', { dropped: this.#dropped });
      this.#dropped = 0;
      this.#taken = 0;
    }
    return true;
  }

  /** Writes a tick with one call. */
  tick(text: string | Uint8Array): void {
    if (text.length === 0) return;
    this.#isTickWaiting = true;
    this.#write(text, () => {
      this.#isTickWaiting = false;
    });
  }

  /**
   * Whether there is room for large answers. `false` while the agent reads none: calls must then be refused, with short
   * answers.
   */
  hasRoom(): boolean {
    if (this.#waiting <= MOST_WAITING) return true;
    this.#flooded.enter('flooded', 'warning', 'the agent calls functions and does not read: calls are refused');
    return false;
  }

  /** Writes an answer as soon as the agent reads. None is dropped, for every call must be answered. */
  answer(text: string): void {
    this.#waiting += text.length;
    this.#answers.push(text);
    this.#answerNext();
  }

  /** Writes an empty line, which agents ignore, if nothing else was written since the last call. */
  keepAlive(): void {
    if (this.#isSilent && this.#stream.writableLength === 0) this.#stream.write('\n');
    this.#isSilent = true;
  }

  /** Resolves when everything written has left the process. */
  async flush(): Promise<void> {
    for (const text of this.#answers.splice(0)) this.#stream.write(text);
    await new Promise<void>((resolve) => {
      this.#stream.write('', () => resolve());
    });
  }

  #answerNext(): void {
    if (this.#stream.writableLength > 0) return;
    const text = this.#answers.shift();
    if (text === undefined) return;
    this.#write(text, () => {
      this.#waiting -= text.length;
      if (this.#waiting === 0) this.#flooded.leave('calls of functions are answered again');
    });
  }

  #write(text: string | Uint8Array, done: () => void): void {
    this.#isSilent = false;
    this.#stream.write(text, () => {
      done();
      this.#answerNext();
    });
  }
}

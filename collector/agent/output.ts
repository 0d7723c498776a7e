/**
 * Standard output towards the agent: whole pieces only, ticks first, never more than one tick and one answer in the
 * stream.
 *
 * Node.js writes to a pipe without blocking: what the pipe does not take stays in the stream's buffer. While a tick
 * stays there the agent is not reading; ticks are then dropped whole, so the stream goes on well formed when it reads
 * again. An answer may be larger than what a pipe holds, and is no sign of that.
 */

import type { Writable } from 'node:stream';
import { Condition, type Log } from '../base/log.ts';
import type { Destination } from '../jobs/renderer.ts';

/** Answers wait while the agent does not read, but no more of them than this many characters. */
const MOST_WAITING = 4 * 1024 * 1024;
/** The agent reads again when it has taken so many ticks in a row: one that is slow takes one now and then. */
const TAKEN_IN_A_ROW = 3;

export class Output implements Destination {
  readonly #stream: Writable;
  readonly #blocked: Condition;
  readonly #flooded: Condition;
  #dropped = 0;
  /** Ticks since the last one that was dropped. */
  #taken = 0;
  #isTickWaiting = false;
  #isSilent = true;
  readonly #answers: string[] = [];
  /** Characters of the answers that wait, the one in the stream included. */
  #waiting = 0;

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

  /** Writes one tick with one call. */
  tick(text: string | Uint8Array): void {
    if (text.length === 0) return;
    this.#isTickWaiting = true;
    this.#write(text, () => {
      this.#isTickWaiting = false;
    });
  }

  /** Writes an answer when there is room, also while the agent does not read: every call must be answered. */
  answer(text: string): void {
    if (this.#waiting > MOST_WAITING) {
      this.#flooded.enter('flooded', 'warning', 'the agent calls functions and does not read: answers are dropped');
      return;
    }
    this.#waiting += text.length;
    this.#answers.push(text);
    this.#answerNext();
  }

  /** Writes an empty line, which every agent passes over, if nothing else was written since the last call. */
  keepAlive(): void {
    if (this.#isSilent && this.#stream.writableLength === 0) this.#stream.write('\n');
    this.#isSilent = true;
  }

  /** Resolves when all that was written has left the process. */
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

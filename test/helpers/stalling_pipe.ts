/** Standard output to an agent that can stop reading and resume. */

import { Writable } from 'node:stream';

export class StallingPipe extends Writable {
  /** Every write that the agent has read, in order. */
  readonly received: string[] = [];
  #taking = true;
  #held: (() => void) | undefined;

  /** The same as one text. */
  get text(): string {
    return this.received.join('');
  }

  /** The agent stops reading: later writes stay in memory. */
  stall(): void {
    this.#taking = false;
  }

  /** The agent resumes reading. */
  proceed(): void {
    this.#taking = true;
    const held = this.#held;
    this.#held = undefined;
    held?.();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const take = (): void => {
      this.received.push(chunk.toString('utf8'));
      done();
    };
    if (this.#taking) take();
    else this.#held = take;
  }
}

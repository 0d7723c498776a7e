/**
 * Standard output with an agent at the other end that can stop reading and go on again.
 */

import { Writable } from 'node:stream';

export class StallingPipe extends Writable {
  /** Every write that has left the process, in order. */
  readonly received: string[] = [];
  #taking = true;
  #held: (() => void) | undefined;

  /** All that has left the process. */
  get text(): string {
    return this.received.join('');
  }

  /** The agent does not read any more: the next write stays in memory. */
  stall(): void {
    this.#taking = false;
  }

  /** The agent reads again, first of all what waits. */
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

/**
 * Calls of functions under way: one runs, a few wait. Each is answered exactly once: with its result, or with an error
 * when the caller no longer waits, its time is over, or too many wait already.
 */

import { describe } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Runtime } from '../base/runtime.ts';
import { errorReply, type Reply } from './function_json.ts';

/** Calls that wait while one runs. */
export const MOST_WAITING = 8;
/** Milliseconds by which a call ends before the agent gives up, so that its answer comes first and says why. */
const MARGIN = 250;

export interface Call {
  /** Identifies the call for {@link Calls.cancel}. */
  readonly transaction: string;
  /** The function's name, for the log. */
  readonly name: string;
  /** Seconds after which the agent gives up. */
  readonly timeout: number;
  /** Finds the answer; `signal` is aborted when none is needed any more. */
  readonly run: (signal: AbortSignal) => Promise<Reply>;
  /** Called once. */
  readonly answer: (reply: Reply) => void;
}

/** A call that is not answered, or whose work has not ended. */
interface OpenCall {
  readonly call: Call;
  readonly work: AbortController;
  readonly stopTimer: () => void;
}

export class Calls {
  readonly #runtime: Pick<Runtime, 'later'>;
  readonly #log: Log;
  readonly #waiting: OpenCall[] = [];
  #running: OpenCall | undefined;

  constructor(runtime: Pick<Runtime, 'later'>, log: Log) {
    this.#runtime = runtime;
    this.#log = log;
  }

  /** Runs a call when its turn comes. */
  add(call: Call): void {
    if (this.#waiting.length >= MOST_WAITING) {
      call.answer(errorReply(503, `busy: ${MOST_WAITING} calls wait already; try again in a few seconds`));
      return;
    }
    const open: OpenCall = {
      call,
      work: new AbortController(),
      stopTimer: this.#runtime.later(call.timeout * 1000 - MARGIN, () => {
        this.#end(open, errorReply(504, `no answer within ${call.timeout} seconds; ask for less, or allow more time`));
      }),
    };
    this.#waiting.push(open);
    this.#runNext();
  }

  /** Ends every call of a transaction. */
  cancel(transaction: string): void {
    this.#endAll(errorReply(499, 'the call was cancelled'), (call) => call.transaction === transaction);
  }

  /** Ends every call. */
  close(): void {
    this.#endAll(errorReply(503, 'the plugin is ending'), () => true);
  }

  #endAll(reply: Reply, isMeant: (call: Call) => boolean): void {
    const open = this.#running === undefined ? this.#waiting : [this.#running, ...this.#waiting];
    for (const one of open.filter(({ call }) => isMeant(call))) this.#end(one, reply);
  }

  /** Answers a call unless it is answered. Its turn lasts until its work has ended, too. */
  #end(open: OpenCall, reply: Reply): void {
    if (open.work.signal.aborted) return;
    open.stopTimer();
    open.work.abort();
    const place = this.#waiting.indexOf(open);
    if (place >= 0) this.#waiting.splice(place, 1);
    open.call.answer(reply);
  }

  #runNext(): void {
    if (this.#running !== undefined) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#running = next;
    void this.#run(next).finally(() => {
      this.#running = undefined;
      this.#runNext();
    });
  }

  async #run(open: OpenCall): Promise<void> {
    const { name, run } = open.call;
    try {
      this.#end(open, await run(open.work.signal));
    } catch (error) {
      if (open.work.signal.aborted) return;
      const place = error instanceof Error ? error.stack?.split('\n', 2)[1]?.trim() : undefined;
      this.#log.error('a function failed', { function: name, error: describe(error), where: place });
      this.#end(open, errorReply(500, `${name} failed: ${describe(error)}; report this as a bug`));
    }
  }
}

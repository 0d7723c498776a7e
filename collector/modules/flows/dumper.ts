/** Dumps the connection table and counts its entries, in slices between which everything else has its turn. */

import type { Channel } from '../../netlink/channel.ts';
import { Exchange, type Progress } from '../../netlink/exchange.ts';
import { Flow } from '../../netlink/flow.ts';
import type { MessageReader } from '../../netlink/message.ts';
import { Statistics } from '../../netlink/statistics.ts';
import type { Runtime } from '../../runtime.ts';
import { Tally } from './tally.ts';

/** How long a slice may take, in microseconds. */
const SLICE = 5000;

/** What a dump brought. */
export interface Dump {
  readonly tally: Tally;
  /** From its beginning to its end, in microseconds. */
  readonly duration: number;
  /** CPU time that it took, in microseconds. */
  readonly cpuTime: number;
  /** Used percentage of the table when it began; `undefined` when there is no limit or it is not known. */
  readonly utilization: number | undefined;
}

export class Dumper {
  readonly #runtime: Runtime;
  readonly #channel: Channel;
  readonly #exchange: Exchange;
  readonly #statistics: Statistics;
  readonly #flow: Flow;
  #isClosed = false;

  constructor(channel: Channel, runtime: Runtime) {
    this.#runtime = runtime;
    this.#channel = channel;
    this.#exchange = new Exchange(channel);
    this.#statistics = new Statistics(channel, this.#exchange);
    this.#flow = new Flow(channel.memory);
  }

  /**
   * Counts the whole table. A dump that the kernel says was interrupted is repeated once, then taken as it is.
   *
   * @returns `undefined` when the dumper was closed meanwhile.
   * @throws {OperationError} when the kernel refuses.
   * @throws {FormatError} when its answer makes no sense.
   */
  async dump(): Promise<Dump | undefined> {
    const began = this.#runtime.monotonic();
    const { entries, max } = this.#statistics.use();
    const utilization = max === undefined ? undefined : (entries / max) * 100;
    let cpuTime = 0;
    for (let attempt = 1; ; attempt++) {
      const tally = new Tally();
      const visit = (message: MessageReader): void => {
        this.#flow.read(message);
        tally.add(this.#flow);
      };
      let progress: Progress | undefined;
      do {
        const before = this.#runtime.cpuTime();
        progress = this.#slice(visit, progress === undefined);
        cpuTime += this.#runtime.cpuTime() - before;
        await this.#runtime.yield();
        if (this.#isClosed) return undefined;
      } while (progress === 'more');
      if (progress === 'interrupted' && attempt === 1) continue;
      return { tally, duration: this.#runtime.monotonic() - began, cpuTime, utilization };
    }
  }

  /** Breaks a dump off. */
  close(): void {
    this.#isClosed = true;
    this.#channel.close();
  }

  #slice(visit: (message: MessageReader) => void, isFirst: boolean): Progress {
    const until = this.#runtime.monotonic() + SLICE;
    if (isFirst) this.#exchange.ask('table');
    let progress: Progress;
    do {
      progress = this.#exchange.take(visit);
    } while (progress === 'more' && this.#runtime.monotonic() < until);
    return progress;
  }
}

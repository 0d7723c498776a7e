/** Dumps the connection table and counts its entries. */

import type { Channel } from '../../netlink/channel.ts';
import { Exchange } from '../../netlink/exchange.ts';
import { Flow } from '../../netlink/flow.ts';
import type { MessageReader } from '../../netlink/message.ts';
import { Statistics } from '../../netlink/statistics.ts';
import type { Work } from '../slices.ts';
import { Tally } from './tally.ts';

/** What a dump brought. */
export interface Dump {
  readonly tally: Tally;
  /** Used percentage of the table when it began; `undefined` when there is no limit or it is not known. */
  readonly utilization: number | undefined;
}

export class Dumper {
  readonly #channel: Channel;
  readonly #exchange: Exchange;
  readonly #statistics: Statistics;
  readonly #flow: Flow;

  constructor(channel: Channel) {
    this.#channel = channel;
    this.#exchange = new Exchange(channel);
    this.#statistics = new Statistics(channel, this.#exchange);
    this.#flow = new Flow(channel.memory);
  }

  /**
   * Counts the whole table. A dump that the kernel says was interrupted is repeated once, then taken as it is.
   *
   * @throws {OperationError} when the kernel refuses.
   * @throws {FormatError} when its answer makes no sense.
   */
  *dump(): Work<Dump> {
    const { entries, max } = this.#statistics.use();
    const utilization = max === undefined ? undefined : (entries / max) * 100;
    for (let attempt = 1; ; attempt++) {
      const tally = new Tally();
      const visit = (message: MessageReader): void => {
        this.#flow.read(message);
        tally.add(this.#flow);
      };
      const progress = yield* this.#exchange.steps('table', visit);
      if (progress === 'complete' || attempt > 1) return { tally, utilization };
    }
  }

  close(): void {
    this.#channel.close();
  }
}

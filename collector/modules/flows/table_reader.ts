/** Dumps the connection table and counts its entries. */

import type { Channel } from '../../netlink/channel.ts';
import { Exchange } from '../../netlink/exchange.ts';
import { Flow } from '../../netlink/flow.ts';
import type { MessageReader } from '../../netlink/message.ts';
import { Statistics } from '../../netlink/statistics.ts';
import type { Work } from '../slices.ts';
import { Tally } from './tally.ts';

export interface Dump {
  readonly tally: Tally;
  /** Percentage of the table in use at the start; `undefined` if there is no limit or it is unknown. */
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
   * Counts the whole table. A dump that the kernel flags as interrupted is repeated once, then accepted.
   *
   * @throws {OperationError} when the request fails.
   * @throws {FormatError} when the reply is malformed.
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

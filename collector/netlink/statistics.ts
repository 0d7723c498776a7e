/**
 * The number of entries in the connection table and its limit, over ctnetlink.
 * Source: `enum ctattr_stats_global` in linux/netfilter/nfnetlink_conntrack.h.
 */

import { FormatError } from '../base/errors.ts';
import type { Channel } from './channel.ts';
import { NFGENMSG } from './ctnetlink.ts';
import { Exchange } from './exchange.ts';
import { AttributeReader, type MessageReader } from './message.ts';

const CTA_STATS_GLOBAL_ENTRIES = 1;
const CTA_STATS_GLOBAL_MAX_ENTRIES = 2;

/** The use of the connection table. */
export interface TableUse {
  readonly entries: number;
  /** Entries that the table can hold; `undefined` if there is no limit or the kernel does not send it (before 4.18). */
  readonly max: number | undefined;
}

export class Statistics {
  readonly #exchange: Exchange;
  readonly #attributes: AttributeReader;
  #entries: number | undefined;
  #max: number | undefined;

  /** @param exchange must be shared by everything that sends requests over the channel in between. */
  constructor(channel: Channel, exchange = new Exchange(channel)) {
    this.#exchange = exchange;
    this.#attributes = new AttributeReader(channel.memory);
  }

  /**
   * Asks how full the table is.
   *
   * @throws {OperationError} when the kernel refuses.
   * @throws {FormatError} when the reply is malformed.
   */
  use(): TableUse {
    this.#entries = undefined;
    this.#max = undefined;
    this.#exchange.answerWhole('statistics', this.#take);
    if (this.#entries === undefined) throw new FormatError('statistics without a number of entries');
    return { entries: this.#entries, max: this.#max || undefined };
  }

  readonly #take = ({ end, start }: MessageReader): void => {
    if (end - start < NFGENMSG) throw new FormatError('statistics without a header');
    const attributes = this.#attributes;
    attributes.open(start + NFGENMSG, end);
    while (attributes.next()) {
      if (attributes.type === CTA_STATS_GLOBAL_ENTRIES) this.#entries = attributes.number(4);
      if (attributes.type === CTA_STATS_GLOBAL_MAX_ENTRIES) this.#max = attributes.number(4);
    }
  };
}

/** Reads the connection table, or a part of it, for any number of visitors. */

import type { Channel } from '../../netlink/channel.ts';
import { Exchange } from '../../netlink/exchange.ts';
import { Flow } from '../../netlink/flow.ts';
import type { FlowPart } from '../../netlink/flow_parts.ts';
import type { MessageReader } from '../../netlink/message.ts';
import { Statistics, type TableUse } from '../../netlink/statistics.ts';
import type { Connect } from '../access.ts';
import type { Work } from '../slices.ts';

/** The kernel sends at most 32 KiB of a dump at once. */
const MEMORY = { slots: 4, slotSize: 32 * 1024 };

/** Looks at entries of the table. */
export interface FlowVisitor {
  /** The parts of an entry that it needs. */
  readonly parts: readonly FlowPart[];
  /**
   * @param flow valid during the call.
   * @param bytes what the offsets of addresses in `flow` refer to.
   */
  add(flow: Flow, bytes: Uint8Array): void;
}

/** What was read. */
export interface Scan<V> {
  readonly visitors: V;
  /** Entries that the visitors have seen. */
  readonly read: number;
  /** Entries of the table at the start, and its limit. */
  readonly use: TableUse;
  /**
   * Whether the visitors have seen only a part of the table: its beginning. The kernel goes by the buckets of the hash
   * table, and its hash is keyed with a secret, so that part is a uniform random sample.
   */
  readonly isSample: boolean;
}

export interface ScanOptions<V> {
  /** Makes the visitors; called again if the table has to be read again. */
  readonly begin: () => V;
  /** Entries after which to stop, given the use of the table; everything is read if not given. */
  readonly most?: (use: TableUse) => number;
}

export class TableReader {
  readonly #connect: Connect;
  readonly #isTransient: boolean;
  #channel: Channel | undefined;

  /** @param isTransient whether an open channel keeps alive what it belongs to: then it is closed after each reading. */
  constructor(connect: Connect, isTransient = false) {
    this.#connect = connect;
    this.#isTransient = isTransient;
  }

  /**
   * Asks how full the table is, which costs next to nothing.
   *
   * @throws as {@link read}.
   */
  use(): TableUse {
    try {
      return this.#ask().use;
    } finally {
      this.#rest();
    }
  }

  /**
   * Reads the table. A dump that the kernel flags as interrupted is repeated once, then accepted. An empty table is not
   * dumped: the kernel would walk all of its buckets.
   *
   * @throws {ProblemError} when the channel cannot be opened.
   * @throws {OperationError} when the request fails.
   * @throws {FormatError} when the reply is malformed.
   */
  *read<V extends readonly FlowVisitor[]>(options: ScanOptions<V>): Work<Scan<V>> {
    try {
      return yield* this.#scan(options);
    } finally {
      this.#rest();
    }
  }

  /** Also ends a reading that is not complete. */
  close(): void {
    this.#channel?.close();
    this.#channel = undefined;
  }

  *#scan<V extends readonly FlowVisitor[]>({ begin, most }: ScanOptions<V>): Work<Scan<V>> {
    const { channel, exchange, use } = this.#ask();
    // What is in the table is counted before it gets there, and until it is freed.
    if (use.entries === 0) return { visitors: begin(), read: 0, use, isSample: false };
    const limit = most?.(use) ?? Number.POSITIVE_INFINITY;
    for (let attempt = 1; ; attempt++) {
      const visitors = begin();
      const flow = new Flow(channel.memory, [...new Set(visitors.flatMap(({ parts }) => parts))]);
      let read = 0;
      const visit = (message: MessageReader): void => {
        flow.read(message);
        for (const visitor of visitors) visitor.add(flow, channel.memory.bytes);
        read++;
      };
      exchange.ask('table');
      let progress = exchange.take(visit);
      while (progress === 'more' && read < limit) {
        yield;
        progress = exchange.take(visit);
      }
      const isSample = progress === 'more';
      // The kernel would keep the rest of its reply for the next request.
      if (isSample) this.close();
      if (progress !== 'interrupted' || attempt > 1) return { visitors, read, use, isSample };
    }
  }

  #rest(): void {
    if (this.#isTransient) this.close();
  }

  #ask(): { channel: Channel; exchange: Exchange; use: TableUse } {
    this.#channel ??= this.#connect(MEMORY);
    const channel = this.#channel;
    const exchange = new Exchange(channel);
    return { channel, exchange, use: new Statistics(channel, exchange).use() };
  }
}

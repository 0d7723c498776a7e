/**
 * The counters of connection tracking over ctnetlink: the same that `/proc/net/stat/nf_conntrack` prints, with the
 * number of the CPU, and without the columns that the kernel stopped counting.
 * Source: `enum ctattr_stats_cpu`, `ctattr_stats_global` and `ctattr_expect_stats` in
 * linux/netfilter/nfnetlink_conntrack.h.
 */

import { FormatError } from '../base/errors.ts';
import type { Channel, Memory } from './channel.ts';
import { NFGENMSG } from './ctnetlink.ts';
import { Exchange, type Visitor } from './exchange.ts';
import { AttributeReader, type MessageReader } from './message.ts';
import type { Question } from './request.ts';

/** Attributes of a CPU's counters, by the names of the same columns in procfs. */
const CPU_COUNTERS: ReadonlyMap<number, string> = new Map([
  [1, 'searched'],
  [2, 'found'],
  [3, 'new'],
  [4, 'invalid'],
  [5, 'ignore'],
  [6, 'delete'],
  [7, 'delete_list'],
  [8, 'insert'],
  [9, 'insert_failed'],
  [10, 'drop'],
  [11, 'early_drop'],
  [12, 'icmp_error'],
  [13, 'search_restart'],
  [14, 'clashres'],
  [15, 'chainlength'],
]);

const EXPECTATION_COUNTERS: ReadonlyMap<number, string> = new Map([
  [1, 'expect_new'],
  [2, 'expect_create'],
  [3, 'expect_delete'],
]);

const GLOBAL_COUNTERS: ReadonlyMap<number, string> = new Map([
  [1, 'entries'],
  [2, 'max'],
]);

/** Named numbers of one CPU, or of the namespace. */
export type Counters = Readonly<Record<string, number>>;

/** The use of the table. */
export interface TableUse {
  readonly entries: number;
  /** Entries that the table may hold; `undefined` when there is no limit or the kernel does not tell (before 4.18). */
  readonly max: number | undefined;
}

export class Statistics {
  readonly #exchange: Exchange;
  readonly #memory: Memory;
  readonly #attributes: AttributeReader;

  /** @param exchange whoever else asks over the channel must share it. */
  constructor(channel: Channel, exchange = new Exchange(channel)) {
    this.#exchange = exchange;
    this.#memory = channel.memory;
    this.#attributes = new AttributeReader(channel.memory);
  }

  /**
   * How full the table is.
   *
   * @throws {OperationError} when the kernel refuses.
   * @throws {FormatError} when its answer makes no sense.
   */
  use(): TableUse {
    const use: Record<string, number> = {};
    this.#ask('statistics', (message) => this.#read(message, GLOBAL_COUNTERS, use));
    const { entries, max } = use;
    if (entries === undefined) throw new FormatError('statistics without a number of entries');
    return { entries, max: max === 0 ? undefined : max };
  }

  /** The counters of every CPU by its number, in the kernel's order; throws as {@link use} does. */
  cpus(): ReadonlyMap<number, Counters> {
    const cpus = new Map<number, Record<string, number>>();
    const take =
      (names: ReadonlyMap<number, string>) =>
      (message: MessageReader): void => {
        const cpu = this.#cpu(message);
        const counters = cpus.get(cpu) ?? {};
        cpus.set(cpu, counters);
        this.#read(message, names, counters);
      };
    this.#ask('cpuStatistics', take(CPU_COUNTERS));
    this.#ask('expectationStatistics', take(EXPECTATION_COUNTERS));
    return cpus;
  }

  #ask(question: Question, visit: Visitor): void {
    if (this.#exchange.answer(question, visit) === 'interrupted')
      throw new FormatError('statistics that are not whole');
  }

  /** The number of the CPU: the last field of `struct nfgenmsg`, in network byte order. */
  #cpu({ start, end }: MessageReader): number {
    if (end - start < NFGENMSG) throw new FormatError('statistics without a CPU number');
    const { bytes } = this.#memory;
    return (bytes[start + 2] ?? 0) * 256 + (bytes[start + 3] ?? 0);
  }

  #read({ start, end }: MessageReader, names: ReadonlyMap<number, string>, into: Record<string, number>): void {
    if (end - start < NFGENMSG) throw new FormatError('statistics without a header');
    this.#attributes.open(start + NFGENMSG, end);
    while (this.#attributes.next()) {
      const name = names.get(this.#attributes.type);
      if (name !== undefined) into[name] = this.#attributes.number(4);
    }
  }
}

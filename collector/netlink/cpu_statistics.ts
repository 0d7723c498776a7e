/**
 * The connection tracking counters of every CPU over ctnetlink: those of `/proc/net/stat/nf_conntrack`, without the
 * columns that the kernel no longer counts.
 * Source: `enum ctattr_stats_cpu` and `enum ctattr_expect_stats` in linux/netfilter/nfnetlink_conntrack.h.
 */

import { type CounterTable, nextGeneration } from '../base/counters.ts';
import { FormatError } from '../base/errors.ts';
import type { Channel, Memory } from './channel.ts';
import { NFGENMSG } from './ctnetlink.ts';
import { Exchange } from './exchange.ts';
import { AttributeReader, type MessageReader } from './message.ts';

/** The counters under their column names in procfs, in the order of their attributes. */
const CPU_COUNTERS = [
  'searched',
  'found',
  'new',
  'invalid',
  'ignore',
  'delete',
  'delete_list',
  'insert',
  'insert_failed',
  'drop',
  'early_drop',
  'icmp_error',
  'search_restart',
  'clashres',
  'chainlength',
];
const EXPECTATION_COUNTERS = ['expect_new', 'expect_create', 'expect_delete'];
const COUNTERS = [...CPU_COUNTERS, ...EXPECTATION_COUNTERS];

/** A table with one row per CPU, in the kernel's order. Each {@link read} overwrites it. */
export class CpuStatistics implements CounterTable {
  readonly columns = COUNTERS.length;
  /** The numbers of the CPUs, one per row. */
  readonly cpus: number[] = [];
  readonly #exchange: Exchange;
  readonly #memory: Memory;
  readonly #attributes: AttributeReader;
  #cells = new Uint32Array(0);
  #names: readonly string[] = [];
  #generation = 0;
  /** The columns that the kernel sent, one bit each: for every row, and for all rows as of the last complete reading. */
  readonly #sent: number[] = [];
  #sentByAll = 0;
  #hasChanged = true;
  /** The row of the next message. */
  #row = 0;

  constructor(channel: Channel) {
    this.#exchange = new Exchange(channel);
    this.#memory = channel.memory;
    this.#attributes = new AttributeReader(channel.memory);
  }

  /** The name of each column; empty for a counter that the kernel does not send. */
  get names(): readonly string[] {
    return this.#names;
  }

  get rows(): number {
    return this.cpus.length;
  }

  get cells(): Uint32Array {
    return this.#cells;
  }

  get generation(): number {
    return this.#generation;
  }

  /**
   * Reads the counters.
   *
   * @throws {OperationError} when the kernel refuses.
   * @throws {FormatError} when a reply is malformed or incomplete, or the CPUs have different counters.
   */
  read(): void {
    this.#row = 0;
    this.#exchange.answerWhole('cpuStatistics', this.#takeCpu);
    if (this.#row < this.cpus.length) this.#hasChanged = true;
    this.cpus.length = this.#row;
    this.#row = 0;
    this.#exchange.answerWhole('expectationStatistics', this.#takeExpectations);
    this.#compareRows();
    if (!this.#hasChanged) return;
    if (new Set(this.cpus).size < this.cpus.length) throw new FormatError('statistics with the same CPU twice');
    this.#names = COUNTERS.map((name, column) => ((this.#sentByAll >> column) & 1 ? name : ''));
    this.#generation = nextGeneration();
    this.#hasChanged = false;
  }

  readonly #takeCpu = (message: MessageReader): void => {
    this.#begin(this.#row, this.#cpu(message));
    this.#fill(this.#row++, message, 0, CPU_COUNTERS.length);
  };

  readonly #takeExpectations = (message: MessageReader): void => {
    const cpu = this.#cpu(message);
    // The CPUs usually come in the same order.
    let row = this.cpus[this.#row] === cpu ? this.#row : this.cpus.indexOf(cpu);
    if (row < 0) {
      row = this.cpus.length;
      this.#begin(row, cpu);
    }
    this.#row = row + 1;
    this.#fill(row, message, CPU_COUNTERS.length, EXPECTATION_COUNTERS.length);
  };

  #begin(row: number, cpu: number): void {
    if (this.cpus[row] !== cpu) this.#hasChanged = true;
    this.cpus[row] = cpu;
    this.#sent[row] = 0;
    if (this.#cells.length >= (row + 1) * this.columns) return;
    const larger = new Uint32Array(2 * (row + 1) * this.columns);
    larger.set(this.#cells);
    this.#cells = larger;
  }

  /** The number of the CPU: the last field of `struct nfgenmsg`, in network byte order. */
  #cpu({ end, start }: MessageReader): number {
    if (end - start < NFGENMSG) throw new FormatError('statistics without a CPU number');
    const { bytes } = this.#memory;
    return (bytes[start + 2] ?? 0) * 256 + (bytes[start + 3] ?? 0);
  }

  /** Writes attributes 1 to `count` into the columns from `first`. */
  #fill(row: number, { end, start }: MessageReader, first: number, count: number): void {
    const attributes = this.#attributes;
    attributes.open(start + NFGENMSG, end);
    let sent = this.#sent[row] ?? 0;
    while (attributes.next()) {
      if (attributes.type < 1 || attributes.type > count) continue;
      const column = first + attributes.type - 1;
      this.#cells[row * this.columns + column] = attributes.number(4);
      sent |= 1 << column;
    }
    this.#sent[row] = sent;
  }

  /** The first CPU decides which counters there are; the others must have them too. */
  #compareRows(): void {
    const [expected = 0] = this.#sent;
    for (let row = 0; row < this.rows; row++) {
      const missing = expected & ~(this.#sent[row] ?? 0);
      if (missing === 0) continue;
      const name = COUNTERS[31 - Math.clz32(missing & -missing)];
      throw new FormatError(`the statistics of CPU ${this.cpus[row]} have no ${name}`);
    }
    if (expected !== this.#sentByAll) this.#hasChanged = true;
    this.#sentByAll = expected;
  }
}

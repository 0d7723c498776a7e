/**
 * The statistics over netlink, as a table like that of the statistics file: for kernels that have no such file. Needs
 * CAP_NET_ADMIN.
 */

import { FormatError } from '../../errors.ts';
import { Condition, type Level, type Log } from '../../log.ts';
import type { Counters } from '../../netlink/statistics.ts';
import { Statistics } from '../../netlink/statistics.ts';
import { type Connect, obstacleOf } from '../access.ts';
import type { StatTable } from './nf_conntrack_stat.ts';

/** The counters of one CPU take some 200 bytes, and the kernel fills at most 32 KiB at once. */
const ROOM = { slots: 1, slotSize: 32 * 1024 };
/** How often is looked again whether the statistics can be had, in microseconds. */
const RETRY = 60e6;
/** Ticks are not exact; what is due within so many microseconds is due now. */
const SLACK = 0.5e6;

export interface NetlinkSourceOptions {
  readonly log: Log;
  readonly connect: Connect;
  /** How severe it is that the statistics cannot be had. */
  readonly level: Level;
}

/** One reading. */
export interface NetlinkReading {
  /** Overwritten by the next reading. */
  readonly table: StatTable;
  /** Entries in the connection table. */
  readonly connections: number;
}

export class NetlinkSource {
  readonly #options: NetlinkSourceOptions;
  readonly #state: Condition;
  #channel: ReturnType<Connect> | undefined;
  #statistics: Statistics | undefined;
  #nextTry = Number.NEGATIVE_INFINITY;
  #names: readonly string[] = [];
  #cpus: readonly number[] = [];
  #cells = new Uint32Array(0);

  constructor(options: NetlinkSourceOptions) {
    this.#options = options;
    this.#state = new Condition(options.log);
  }

  /** Reads at `at`, a monotonic time in microseconds. `undefined` when nothing can be had, which the log says why. */
  read(at: number): NetlinkReading | undefined {
    if (at < this.#nextTry - SLACK) return undefined;
    try {
      this.#channel ??= this.#options.connect(ROOM);
      this.#statistics ??= new Statistics(this.#channel);
      const { entries } = this.#statistics.use();
      const table = this.#table(this.#statistics.cpus());
      this.#state.leave('the statistics can be read over netlink again');
      return { table, connections: entries };
    } catch (error) {
      this.close();
      this.#nextTry = at + RETRY;
      const { isOrdinary, message, state } = obstacleOf(error);
      const text = `the statistics cannot be read over netlink: ${message}; trying again every 60 seconds`;
      if (!isOrdinary) this.#state.enter(state, this.#options.level, text);
      return undefined;
    }
  }

  close(): void {
    this.#channel?.close();
    this.#channel = undefined;
    this.#statistics = undefined;
  }

  #table(counters: ReadonlyMap<number, Counters>): StatTable {
    const [first = {}] = counters.values();
    const names = Object.keys(first);
    // Whoever compares readings knows a change of columns or rows by another object.
    if (!isEqual(names, this.#names)) this.#names = names;
    const cpus = [...counters.keys()];
    if (!isEqual(cpus, this.#cpus)) this.#cpus = cpus;
    if (this.#cells.length !== names.length * cpus.length) this.#cells = new Uint32Array(names.length * cpus.length);
    let cell = 0;
    for (const [cpu, row] of counters) {
      for (const name of names) {
        const count = row[name];
        if (count === undefined) throw new FormatError(`the statistics of CPU ${cpu} have no ${name}`);
        this.#cells[cell++] = count;
      }
    }
    return { names: this.#names, cpus: this.#cpus, rows: cpus.length, columns: names.length, cells: this.#cells };
  }
}

function isEqual(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((item, at) => item === other[at]);
}

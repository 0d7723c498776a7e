/**
 * Turns the counters of every CPU into rates per second, for the host and for each CPU.
 */

import { CounterDifferences } from '../../base/counters.ts';
import type { Log } from '../../base/log.ts';
import type { Sample } from '../module.ts';
import { type Column, columnsOf } from './columns.ts';
import type { StatTable } from './nf_conntrack_stat.ts';

export interface RatesOptions {
  readonly log: Log;
  /** The kernel release; called once per generation of the table. */
  readonly release: () => string;
  /** The CPU number of each row; `undefined` if rates per CPU are not wanted. */
  readonly cpus: ((table: StatTable) => readonly number[]) | undefined;
}

type Values = Record<string, number | undefined>;

export class Rates {
  readonly #options: RatesOptions;
  readonly #differences = new CounterDifferences();
  /** The generation that {@link #columns} belong to. */
  #generation = 0;
  #columns: readonly Column[] = [];
  #indexes: readonly number[] = [];
  /** For each of {@link #columns}, whether this kernel is known to count it. */
  #counted: boolean[] = [];
  #cpus: readonly (Sample & { readonly values: Values })[] = [];

  constructor(options: RatesOptions) {
    this.#options = options;
  }

  /** The samples of the CPUs, valid after an {@link update} that returned `true`. */
  get cpus(): readonly Sample[] {
    return this.#cpus;
  }

  /** Forgets the last reading: the next one is a baseline. */
  forget(): void {
    this.#differences.forget();
  }

  /**
   * Compares a reading with the previous one and writes the host's rates into `values`, by metric.
   *
   * @param at monotonic time of the reading in microseconds.
   * @returns whether there are rates: not for a first reading, another generation or after a reset.
   */
  update(table: StatTable, at: number, values: Values): boolean {
    if (table.generation !== this.#generation) this.#learn(table);
    this.#notice(table);
    const comparison = this.#differences.update(table, this.#indexes, at);
    if (comparison === 'reset') this.#options.log.info('the counters started again from 0');
    if (comparison === 'baseline') this.#cpus = this.#cpuSamples(table);
    if (comparison !== 'differences') return false;

    const { cells, seconds } = this.#differences;
    const columns = this.#columns;
    const counted = this.#counted;
    const width = columns.length;
    for (let place = 0; place < width; place++) {
      const metric = columns[place]?.metric;
      if (metric === undefined || counted[place] !== true) continue;
      let sum = 0;
      for (let cell = place; cell < cells.length; cell += width) sum += cells[cell] ?? 0;
      values[metric] = sum / seconds;
    }
    for (let row = 0; row < this.#cpus.length; row++) this.#fillCpu(row, cells, seconds);
    return true;
  }

  #fillCpu(row: number, cells: Uint32Array, seconds: number): void {
    const values = this.#cpus[row]?.values;
    if (values === undefined) return;
    const first = row * this.#columns.length;
    for (let place = 0; place < this.#columns.length; place++) {
      const metric = this.#columns[place]?.metric;
      if (metric !== undefined && this.#counted[place] === true) values[metric] = (cells[first + place] ?? 0) / seconds;
    }
  }

  #learn({ generation, names }: StatTable): void {
    this.#generation = generation;
    this.#columns = columnsOf(names, this.#options.release());
    this.#indexes = this.#columns.map((column) => column.index);
    this.#counted = this.#columns.map((column) => column.counted);
  }

  /** Marks nonzero columns as counted. */
  #notice(table: StatTable): void {
    for (let place = 0; place < this.#columns.length; place++) {
      if (this.#counted[place] === true) continue;
      const index = this.#columns[place]?.index ?? 0;
      for (let row = 0; row < table.rows; row++) {
        if ((table.cells[row * table.columns + index] ?? 0) > 0) this.#counted[place] = true;
      }
    }
  }

  #cpuSamples(table: StatTable): (Sample & { values: Values })[] {
    const numbers = this.#options.cpus?.(table) ?? [];
    return numbers.map((number) => {
      const cpu = `cpu${number}`;
      return { scope: 'cpu', instance: cpu, labels: { cpu }, values: {} };
    });
  }
}

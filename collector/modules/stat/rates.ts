/**
 * Turns the counters of every CPU into rates per second, for the host and for each CPU.
 */

import { CounterDifferences } from '../../base/counters.ts';
import type { Log } from '../../base/log.ts';
import type { Sample } from '../module.ts';
import { type Column, columnsOf } from './columns.ts';
import type { StatTable } from './nf_conntrack_stat.ts';

type Values = Record<string, number | undefined>;
/** The CPU number of each row. */
type CpusOf = (table: StatTable) => readonly number[];

const NONE: readonly never[] = [];

export class Rates {
  readonly #log: Log;
  readonly #release: string;
  readonly #cpusOf: CpusOf | undefined;
  readonly #differences = new CounterDifferences();
  /** The generation that {@link #columns} belong to. */
  #generation = 0;
  #columns: readonly Column[] = [];
  /** Places in {@link #columns}, of which there are fewer than 32, that this kernel is known to count: bit 0 is the first. */
  #counted = 0;
  #cpus: readonly (Sample & { readonly values: Values })[] = NONE;

  /**
   * @param release the kernel's, as `uname -r` prints it.
   * @param cpusOf `undefined` if rates per CPU are not wanted.
   */
  constructor(log: Log, release: string, cpusOf: CpusOf | undefined) {
    this.#log = log;
    this.#release = release;
    this.#cpusOf = cpusOf;
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
    const comparison = this.#differences.update(table, this.#columns, at);
    if (comparison === 'reset') this.#log.info('the counters started again from 0');
    if (comparison === 'baseline') this.#cpus = this.#cpuSamples(table);
    if (comparison !== 'differences') return false;

    const { cells, seconds } = this.#differences;
    const columns = this.#columns;
    const width = columns.length;
    for (let place = 0; place < width; place++) {
      const metric = columns[place]?.metric;
      if (metric === undefined || !this.#isCounted(place)) continue;
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
      if (metric !== undefined && this.#isCounted(place)) values[metric] = (cells[first + place] ?? 0) / seconds;
    }
  }

  #learn({ generation, names }: StatTable): void {
    this.#generation = generation;
    this.#columns = columnsOf(names, this.#release);
    this.#counted = this.#columns.reduce((bits, { counted }, place) => (counted ? bits | (1 << place) : bits), 0);
  }

  /** Marks nonzero columns as counted. */
  #notice(table: StatTable): void {
    for (let place = 0; place < this.#columns.length; place++) {
      if (this.#isCounted(place)) continue;
      const index = this.#columns[place]?.index ?? 0;
      for (let row = 0; row < table.rows; row++) {
        if ((table.cells[row * table.columns + index] ?? 0) > 0) this.#counted |= 1 << place;
      }
    }
  }

  #isCounted(place: number): boolean {
    return (this.#counted & (1 << place)) !== 0;
  }

  #cpuSamples(table: StatTable): readonly (Sample & { values: Values })[] {
    const numbers = this.#cpusOf?.(table);
    if (numbers === undefined) return NONE;
    return numbers.map((number) => {
      const cpu = `cpu${number}`;
      return { scope: 'cpu', instance: cpu, labels: { cpu }, values: {} };
    });
  }
}

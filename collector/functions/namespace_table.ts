/** How full the table of a network namespace is, and its rates, from its statistics file. */

import { createLog } from '../base/log.ts';
import { type Problem, problemErrorOf } from '../modules/problem.ts';
import { STATISTICS, type StatParser } from '../modules/stat/nf_conntrack_stat.ts';
import { Rates } from '../modules/stat/rates.ts';
import { KernelFile } from '../procfs/file.ts';
import type { NamespaceFiles } from './sources.ts';

/** Counters that started again give no rates, which is all there is to say. */
const SILENT = createLog({ level: 'error', now: () => 0, write: () => undefined });

/** The table of a namespace, as of the last reading. */
export class NamespaceTable {
  readonly name: string;
  entries: number | undefined;
  /** Entries per second. */
  growth: number | undefined;
  /** By metric, per second; empty after the first reading. */
  readonly rates: Record<string, number | undefined> = {};
  /** What it was read through. */
  via: string | undefined;
  problem: Problem | undefined;
  readonly #open: () => NamespaceFiles;
  readonly #rates: Rates;
  #readAt = 0;

  constructor(name: string, open: () => NamespaceFiles, release: string) {
    this.name = name;
    this.#open = open;
    this.#rates = new Rates(SILENT, release, undefined);
  }

  /**
   * Reads the statistics file.
   *
   * @param parser shared by all namespaces.
   * @param at monotonic time in microseconds.
   */
  read(parser: StatParser, at: number): void {
    const before = this.entries;
    this.entries = undefined;
    this.via = undefined;
    this.problem = undefined;
    try {
      this.via = this.#parse(parser);
      this.entries = parser.entries;
      this.#rates.update(parser, at, this.rates);
    } catch (error) {
      ({ problem: this.problem } = problemErrorOf(error, 'procfs', this.name));
    }
    const seconds = (at - this.#readAt) / 1e6;
    this.growth = this.entries === undefined || before === undefined ? undefined : (this.entries - before) / seconds;
    this.#readAt = at;
  }

  /** Returns what the file was reached through. */
  #parse(parser: StatParser): string {
    const { close, fs, host, via } = this.#open();
    const file = new KernelFile(fs, () => host.net(STATISTICS));
    try {
      parser.parse(file.read());
      return via;
    } finally {
      file.close();
      close();
    }
  }
}

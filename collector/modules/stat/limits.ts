/**
 * The settings of connection tracking below `/proc/sys/net/netfilter`: how many entries the table may hold, how many
 * hash buckets it has, how many expectations there may be. They seldom change and are read every ten seconds.
 * Source: Documentation/networking/nf_conntrack-sysctl.rst in the kernel.
 */

import { describe } from '../../base/errors.ts';
import { Condition, type Log } from '../../base/log.ts';
import { parseDecimal } from '../../procfs/decimal.ts';
import { type FileSystem, KernelFile } from '../../procfs/file.ts';
import type { Host } from '../../procfs/host.ts';
import { isDue } from '../due.ts';

/** Microseconds between two readings. */
const EVERY = 10e6;

/** A file of one number and what is lost without it. */
class Limit {
  /** What the file held when it was last read; `undefined` when it cannot be read. */
  value: number | undefined;
  readonly #file: KernelFile;
  readonly #condition: Condition;
  readonly #lost: string;

  constructor(file: KernelFile, log: Log, lost: string) {
    this.#file = file;
    this.#condition = new Condition(log);
    this.#lost = lost;
  }

  read(): void {
    try {
      this.value = parseDecimal(this.#file.read());
      this.#condition.works('a setting can be read', { path: this.#file.path });
    } catch (error) {
      this.value = undefined;
      const fields = { path: this.#file.path, error: describe(error) };
      this.#condition.enter('unreadable', 'notice', `a setting cannot be read: ${this.#lost}`, fields);
    }
  }

  close(): void {
    this.#file.close();
  }
}

export class Limits {
  readonly #max: Limit;
  readonly #buckets: Limit;
  readonly #expectMax: Limit;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(fs: FileSystem, host: Host, log: Log) {
    const limit = (name: string, lost: string): Limit =>
      new Limit(new KernelFile(fs, () => host.netfilter(name), 32), log, lost);
    this.#max = limit('nf_conntrack_max', 'the used share of the table is not drawn');
    this.#buckets = limit('nf_conntrack_buckets', 'the load of the hash table is not drawn');
    this.#expectMax = limit('nf_conntrack_expect_max', 'the limit of expectations is not known to alerts');
  }

  /** Entries that the table may hold; `undefined` when it is not known or there is no limit. */
  get max(): number | undefined {
    return this.#max.value || undefined;
  }

  /** Buckets of the hash table; `undefined` when their number is not known. */
  get buckets(): number | undefined {
    return this.#buckets.value || undefined;
  }

  /** Expectations that there may be; `undefined` when it is not known. */
  get expectMax(): number | undefined {
    return this.#expectMax.value;
  }

  /**
   * Reads the settings if they are due.
   *
   * @param at monotonic time in microseconds.
   * @param isMaxTold whether {@link max} is known from elsewhere, and need not be read.
   */
  refresh(at: number, isMaxTold: boolean): void {
    if (!isDue(at, this.#readAt + EVERY)) return;
    this.#readAt = at;
    if (!isMaxTold) this.#max.read();
    this.#buckets.read();
    this.#expectMax.read();
  }

  close(): void {
    this.#max.close();
    this.#buckets.close();
    this.#expectMax.close();
  }
}

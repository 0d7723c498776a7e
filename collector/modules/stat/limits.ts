/**
 * Connection tracking settings below `/proc/sys/net/netfilter`: the limit of entries, the number of hash buckets, the
 * limit of expectations. They are the same in all network namespaces, rarely change and are read every ten seconds.
 * Source: Documentation/networking/nf_conntrack-sysctl.rst in the kernel.
 */

import { describe } from '../../base/errors.ts';
import { Condition, type Log } from '../../base/log.ts';
import { parseDecimal } from '../../procfs/decimal.ts';
import { type FileSystem, KernelFile } from '../../procfs/file.ts';
import type { Host } from '../../procfs/host.ts';
import { isDue } from '../due.ts';
import { problemErrorOf } from '../problem.ts';

/** Microseconds between two readings. */
const EVERY = 10e6;

/** One setting: a file with a number. */
class Limit {
  /** As of the last reading; `undefined` if that failed. */
  value: number | undefined;
  readonly #file: KernelFile;
  readonly #condition: Condition;
  readonly #lost: string;

  /** @param lost what is missing without it, for the log. */
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
      const { path } = this.#file;
      const { code } = problemErrorOf(error, 'procfs', path).problem;
      const fields = { code, path, error: describe(error) };
      this.#condition.enter('unreadable', 'notice', `a setting cannot be read: ${this.#lost}`, fields);
    }
  }

  close(): void {
    this.#file.close();
  }
}

export class Limits {
  /** The most entries; 0 means any number. */
  readonly max: Limit;
  /** Buckets of the hash table. */
  readonly buckets: Limit;
  /** The most expectations. */
  readonly expectMax: Limit;
  #readAt = Number.NEGATIVE_INFINITY;
  #maxReadAt = Number.NEGATIVE_INFINITY;

  constructor(fs: FileSystem, host: Host, log: Log) {
    const limit = (name: string, lost: string): Limit =>
      new Limit(new KernelFile(fs, () => host.netfilter(name), 32), log, lost);
    this.max = limit('nf_conntrack_max', 'the used share of the table is not charted');
    this.buckets = limit('nf_conntrack_buckets', 'the load of the hash table is not charted');
    this.expectMax = limit('nf_conntrack_expect_max', 'alerts do not know the limit of expectations');
  }

  /**
   * Reads the settings if due.
   *
   * @param at monotonic time in microseconds.
   * @param isMaxKnown whether the limit of entries is known from elsewhere, so that {@link max} need not be read.
   */
  refresh(at: number, isMaxKnown: boolean): void {
    if (!isMaxKnown && isDue(at, this.#maxReadAt + EVERY)) {
      this.#maxReadAt = at;
      this.max.read();
    }
    if (!isDue(at, this.#readAt + EVERY)) return;
    this.#readAt = at;
    this.buckets.read();
    this.expectMax.read();
  }

  /** Closes the descriptors; the next {@link refresh} opens the files again. */
  close(): void {
    this.max.close();
    this.buckets.close();
    this.expectMax.close();
  }
}

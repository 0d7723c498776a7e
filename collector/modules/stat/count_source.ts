/** Reads the number of entries alone: what is left where there are no statistics. */

import { parseDecimal } from '../../procfs/decimal.ts';
import { type FileSystem, KernelFile } from '../../procfs/file.ts';
import type { Host } from '../../procfs/host.ts';
import { type Problem, ProblemError, problemErrorOf } from '../problem.ts';
import type { Reading, Source } from './source.ts';

export class CountSource implements Source {
  readonly #host: Host;
  readonly #fs: FileSystem;
  /** Seldom needed, so not made before. */
  #file: KernelFile | undefined;
  #problem: Problem | undefined;

  constructor(fs: FileSystem, host: Host) {
    this.#host = host;
    this.#fs = fs;
  }

  get target(): string {
    return this.#host.netfilter('nf_conntrack_count');
  }

  get problem(): Problem | undefined {
    return this.#problem;
  }

  /** Whether the number of entries is that of another network namespace than the host's. */
  get isElsewhere(): boolean {
    return this.#problem?.code === 'other_namespace';
  }

  read(): Reading | undefined {
    try {
      if (this.#host.elsewhere) throw new ProblemError('other_namespace', this.target);
      this.#file ??= new KernelFile(this.#fs, () => this.target, 32);
      const connections = parseDecimal(this.#file.read());
      this.#problem = undefined;
      return { table: undefined, connections, restarted: true };
    } catch (error) {
      this.#problem = problemErrorOf(error, 'procfs', this.target).problem;
      return undefined;
    }
  }

  close(): void {
    this.#file?.close();
  }
}

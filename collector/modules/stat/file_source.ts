/** Reads the statistics file, `/proc/net/stat/nf_conntrack`. */

import { describe } from '../../base/errors.ts';
import { type FileSystem, KernelFile } from '../../procfs/file.ts';
import type { Host } from '../../procfs/host.ts';
import { isDue } from '../due.ts';
import { type Problem, ProblemError, problemErrorOf } from '../problem.ts';
import { STATISTICS, StatParser } from './nf_conntrack_stat.ts';
import { PATIENCE, type Reading, type Source } from './source.ts';

/** Microseconds until a file that has been unreadable for a while is tried again. */
const RETRY = 10e6;

/** Shared by all files of transient file systems, like the memory for their text: a reading is used before the next one. */
const transientParser = new StatParser();

export class FileSource implements Source {
  readonly #file: KernelFile;
  readonly #parser: StatParser;
  #failure: ProblemError | undefined;
  #next = Number.NEGATIVE_INFINITY;
  #succeededAt = Number.NEGATIVE_INFINITY;

  constructor(fs: FileSystem, host: Host) {
    this.#file = new KernelFile(fs, () => host.net(STATISTICS));
    this.#parser = fs.isTransient === true ? transientParser : new StatParser();
  }

  get target(): string {
    return this.#file.path;
  }

  get problem(): Problem | undefined {
    return this.#failure?.problem;
  }

  /** The text of the error behind the {@link problem}. */
  get error(): string {
    return describe(this.#failure?.cause ?? this.#failure);
  }

  /** Whether the file does not exist; `false` until that is known. */
  get isMissing(): boolean {
    return this.problem?.code === 'no_statistics_file';
  }

  /** Whether it could ever be read. */
  get hasWorked(): boolean {
    return this.#succeededAt > Number.NEGATIVE_INFINITY;
  }

  /** Makes the next {@link read} due, because connection tracking was loaded. */
  retry(): void {
    this.#next = Number.NEGATIVE_INFINITY;
  }

  read(at: number): Reading | undefined {
    if (!isDue(at, this.#next)) return undefined;
    const parser = this.#parser;
    try {
      parser.parse(this.#file.read());
    } catch (error) {
      this.#fail(at, problemErrorOf(error, 'procfs', this.target));
      return undefined;
    }
    this.#succeededAt = at;
    this.#failure = undefined;
    return { table: parser, connections: parser.entries, restarted: this.#file.restarted };
  }

  close(): void {
    this.#file.close();
  }

  #fail(at: number, error: ProblemError): void {
    const { code, target } = error.problem;
    this.#failure = code === 'file_missing' ? new ProblemError('no_statistics_file', target, error.cause) : error;
    // A torn text is usually complete at the next reading.
    const isShort = code === 'malformed_file' || at - this.#succeededAt < PATIENCE;
    this.#next = isShort ? at : at + RETRY;
  }
}

/** Reads a namespace's files through a process in it, without privilege. */

import { errorCode, OperationError } from '../base/errors.ts';
import { ProblemError } from '../modules/problem.ts';
import { closeFile, type FileSystem, readText } from '../procfs/file.ts';
import { parseProcessStat } from '../procfs/process.ts';
import { Handles, handleOf, pathOf } from './handles.ts';
import { type IdentityFileSystem, verifyBound } from './identity.ts';
import type { Anchor, Bound, Entrance } from './namespace.ts';
import type { Passage } from './passage.ts';

export interface ProcessEntranceOptions {
  readonly fs: FileSystem & IdentityFileSystem;
  /** The host's procfs: `/proc`, or where it is mounted. */
  readonly procfs: string;
  readonly passage: Passage;
  readonly anchor: Anchor;
  readonly bound: Bound | undefined;
}

/** What procfs answers for a process that is gone, or whose main thread is. */
const GONE: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ESRCH', 'EINVAL', 'ENXIO']);

export class ProcessEntrance implements Entrance {
  readonly via: string;
  readonly directory: string;
  readonly #options: ProcessEntranceOptions;
  readonly #target: string;
  readonly #handles: Handles;
  /** Of the directory of the process: it never leads to a later process of the same number. */
  readonly #process: number;
  /** Of `net/dev`: its inode is the namespace's while this is open. */
  readonly #device: number;
  readonly #inode: number;

  /**
   * @throws {ProblemError} `namespace_gone` if the process is gone or in another namespace.
   * @throws {OperationError} with the system's code when the process cannot be seen.
   */
  constructor(options: ProcessEntranceOptions) {
    const { anchor, bound, fs, procfs } = options;
    this.#options = options;
    this.#target = `process ${anchor.pid}`;
    this.directory = `${procfs}/${anchor.pid}/net`;
    this.#handles = new Handles(fs, this.directory, (name) => this.#find(name));
    this.#inode = anchor.inode;
    this.#process = this.#obtain(`${procfs}/${anchor.pid}`);
    try {
      this.via = `${this.#target} (${this.#identify()})`;
      this.#device = this.#obtain(this.#path('net/dev'));
    } catch (error) {
      closeFile(fs, this.#process);
      throw error;
    }
    try {
      this.#verifyProcess();
      if (bound !== undefined) verifyBound(fs, bound);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  open(name: string): number {
    const { bound, fs } = this.#options;
    if (bound !== undefined) verifyBound(fs, bound);
    return this.#handles.open(name);
  }

  inside<T>(action: () => T): T {
    const { bound, passage } = this.#options;
    if (bound !== undefined) return passage.inside(bound, action);
    throw new ProblemError('namespace_closed', this.#target, 'it is bound to no path');
  }

  verify(): void {
    const { bound, fs } = this.#options;
    if (bound === undefined) this.#verifyProcess();
    else verifyBound(fs, bound);
  }

  close(): void {
    const { fs } = this.#options;
    this.#handles.close();
    closeFile(fs, this.#device);
    closeFile(fs, this.#process);
  }

  /** Verifies that it is the expected process; returns its name. */
  #identify(): string {
    const { anchor, fs } = this.#options;
    const text = readText(fs, this.#path('stat'));
    const found = text === undefined ? undefined : parseProcessStat(text);
    if (found?.started !== anchor.started) throw this.#gone();
    return found.name;
  }

  /** A handle of a file, obtained while the process was in the namespace. */
  #find(name: string): number {
    this.#verifyProcess();
    const handle = handleOf(this.#options.fs, this.#path(`net/${name}`));
    try {
      this.#verifyProcess();
      return handle;
    } catch (error) {
      closeFile(this.#options.fs, handle);
      throw error;
    }
  }

  /** Verifies that the process is still there and in the namespace. */
  #verifyProcess(): void {
    let inode: number;
    try {
      inode = Number(this.#options.fs.statSync(this.#path('net/dev')).ino);
    } catch (error) {
      throw this.#failure(this.#path('net/dev'), error);
    }
    if (inode !== this.#inode) throw this.#gone();
  }

  #obtain(path: string): number {
    try {
      return handleOf(this.#options.fs, path);
    } catch (error) {
      throw this.#failure(path, error);
    }
  }

  #path(name: string): string {
    return `${pathOf(this.#process)}/${name}`;
  }

  #failure(path: string, error: unknown): Error {
    return GONE.has(errorCode(error)) ? this.#gone() : new OperationError('open', path, error);
  }

  #gone(): ProblemError {
    return new ProblemError('namespace_gone', this.#target);
  }
}

/** Reads a namespace's files through a process in it, without privilege. */

import { constants } from 'node:fs';

import { errorCode, OperationError } from '../base/errors.ts';
import { ProblemError } from '../modules/problem.ts';
import { closeFile, type FileSystem, readText } from '../procfs/file.ts';
import type { Host } from '../procfs/host.ts';
import { parseProcessStat } from '../procfs/process.ts';
import { Handles, handleOf, pathOf, SETTINGS } from './handles.ts';
import { type IdentityFileSystem, openBound, verifyBound } from './identity.ts';
import type { Anchor, Bound, Entrance } from './namespace.ts';
import { insideInode, type Passage } from './passage.ts';

/** The same object for all entrances: there can be a thousand. */
export interface ProcessEntranceOptions {
  readonly fs: FileSystem & IdentityFileSystem;
  readonly host: Host;
  readonly passage: Passage;
}

/** What procfs answers for a process that is gone, or whose main thread is. */
const GONE: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ESRCH', 'EINVAL', 'ENXIO']);

export class ProcessEntrance implements Entrance {
  readonly directory: string;
  readonly #options: ProcessEntranceOptions;
  readonly #anchor: Anchor;
  readonly #bound: Bound | undefined;
  /** Name of the process. */
  readonly #name: string;
  readonly #files: Handles;
  /** Few namespaces need them. */
  #settings: Handles | undefined;
  /** Of the directory of the process: it never leads to a later process of the same number. */
  readonly #process: number;
  /** Of `net/dev`: its inode is the namespace's while this is open. */
  readonly #device: number;

  /**
   * @throws {ProblemError} `namespace_gone` if the process is gone or in another namespace.
   * @throws {OperationError} with the system's code when the process cannot be seen.
   */
  constructor(anchor: Anchor, bound: Bound | undefined, options: ProcessEntranceOptions) {
    const { fs, host } = options;
    this.#options = options;
    this.#anchor = anchor;
    this.#bound = bound;
    const directory = host.path(`/proc/${anchor.pid}`);
    this.directory = `${directory}/net`;
    this.#files = new Handles(fs, this.directory, (name) => this.#find(name));
    this.#process = this.#obtain(directory);
    try {
      this.#name = this.#identify();
      this.#device = this.#obtain(this.#path('net/dev'));
    } catch (error) {
      closeFile(fs, this.#process);
      throw error;
    }
    try {
      this.#verifyProcess();
      this.#verifyPath();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get via(): string {
    return `${this.#target} (${this.#name})`;
  }

  get settings(): string {
    const { host } = this.#options;
    return `${this.#bound?.path ?? host.path(`/proc/${this.#anchor.pid}/ns/net`)}:${SETTINGS}`;
  }

  open(name: string): number {
    this.#verifyPath();
    return this.#files.open(name);
  }

  openSetting(name: string): number {
    this.#verifyPath();
    const { fs } = this.#options;
    this.#settings ??= new Handles(fs, this.settings, (wanted) =>
      this.inside(() => handleOf(fs, `${SETTINGS}/${wanted}`)),
    );
    return this.#settings.open(name);
  }

  inside<T>(action: () => T): T {
    const { fs, passage } = this.#options;
    const bound = this.#bound;
    if (bound !== undefined) return passage.inside(bound.path, () => openBound(fs, bound), action);
    const checked = (): T => {
      if (insideInode(fs) !== this.#anchor.inode) throw this.#gone();
      return action();
    };
    return passage.inside(this.#target, () => this.#openNamespace(), checked);
  }

  verify(): void {
    if (this.#bound === undefined) this.#verifyProcess();
    else this.#verifyPath();
  }

  close(): void {
    const { fs } = this.#options;
    this.#files.close();
    this.#settings?.close();
    closeFile(fs, this.#device);
    closeFile(fs, this.#process);
  }

  /** Verifies that it is the expected process; returns its name. */
  #identify(): string {
    const text = readText(this.#options.fs, this.#path('stat'));
    const found = text === undefined ? undefined : parseProcessStat(text);
    if (found?.started !== this.#anchor.started) throw this.#gone();
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

  /** Verifies that the path, if there is one, is still bound to the namespace. */
  #verifyPath(): void {
    if (this.#bound !== undefined) verifyBound(this.#options.fs, this.#bound);
  }

  /** Verifies that the process is still there and in the namespace. */
  #verifyProcess(): void {
    let inode: number;
    try {
      inode = Number(this.#options.fs.statSync(this.#path('net/dev')).ino);
    } catch (error) {
      throw this.#failure(this.#path('net/dev'), error);
    }
    if (inode !== this.#anchor.inode) throw this.#gone();
  }

  /** @throws {ProblemError} `namespace_closed` when another user's process is in a namespace without a path. */
  #openNamespace(): number {
    try {
      return this.#options.fs.openSync(this.#path('ns/net'), constants.O_RDONLY);
    } catch (error) {
      const failure = this.#failure(`${this.#target} ns/net`, error);
      if (errorCode(error) !== 'EACCES') throw failure;
      throw new ProblemError('namespace_closed', this.#target, failure);
    }
  }

  #obtain(path: string): number {
    try {
      return handleOf(this.#options.fs, path);
    } catch (error) {
      throw this.#failure(path, error);
    }
  }

  get #target(): string {
    return `process ${this.#anchor.pid}`;
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

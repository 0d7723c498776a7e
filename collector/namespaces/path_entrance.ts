/** Reads the files of a bound namespace without a process in it. Each file is found once, which needs CAP_SYS_ADMIN. */

import type { FileSystem } from '../procfs/file.ts';
import { Handles, handleOf, SETTINGS } from './handles.ts';
import { type IdentityFileSystem, openBound, verifyBound } from './identity.ts';
import type { Bound, Entrance } from './namespace.ts';
import type { Passage } from './passage.ts';

export interface PathEntranceOptions {
  readonly fs: FileSystem & IdentityFileSystem;
  readonly passage: Passage;
  readonly bound: Bound;
}

export class PathEntrance implements Entrance {
  readonly directory: string;
  readonly settings: string;
  readonly #options: PathEntranceOptions;
  readonly #files: Handles;
  readonly #settings: Handles;

  /** @throws {ProblemError} `namespace_gone` or `namespace_hidden`. */
  constructor(options: PathEntranceOptions) {
    const { bound, fs } = options;
    this.#options = options;
    this.directory = `${bound.path}:/proc/net`;
    this.settings = `${bound.path}:${SETTINGS}`;
    const found = (directory: string) => (name: string) => this.inside(() => handleOf(fs, `${directory}/${name}`));
    this.#files = new Handles(fs, this.directory, found('/proc/thread-self/net'));
    this.#settings = new Handles(fs, this.settings, found(SETTINGS));
    this.verify();
  }

  get via(): string {
    return this.#options.bound.path;
  }

  open(name: string): number {
    this.verify();
    return this.#files.open(name);
  }

  openSetting(name: string): number {
    this.verify();
    return this.#settings.open(name);
  }

  inside<T>(action: () => T): T {
    const { bound, fs, passage } = this.#options;
    return passage.inside(bound.path, () => openBound(fs, bound), action);
  }

  verify(): void {
    verifyBound(this.#options.fs, this.#options.bound);
  }

  close(): void {
    this.#files.close();
    this.#settings.close();
  }
}

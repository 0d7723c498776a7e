/** Reads the files of a bound namespace without a process in it. Each file is found once, which needs CAP_SYS_ADMIN. */

import type { FileSystem } from '../procfs/file.ts';
import { Handles } from './handles.ts';
import { type IdentityFileSystem, verifyBound } from './identity.ts';
import type { Bound, Entrance } from './namespace.ts';
import type { Passage } from './passage.ts';

export interface PathEntranceOptions {
  readonly fs: FileSystem & IdentityFileSystem;
  readonly passage: Passage;
  readonly bound: Bound;
}

export class PathEntrance implements Entrance {
  readonly directory: string;
  readonly #options: PathEntranceOptions;
  readonly #handles: Handles;

  /** @throws {ProblemError} `namespace_gone` or `namespace_hidden`. */
  constructor(options: PathEntranceOptions) {
    const { bound, fs, passage } = options;
    this.#options = options;
    this.directory = `${bound.path}:/proc/net`;
    this.#handles = new Handles(fs, this.directory, (name) => passage.handle(bound, name));
    this.verify();
  }

  get via(): string {
    return this.#options.bound.path;
  }

  open(name: string): number {
    this.verify();
    return this.#handles.open(name);
  }

  inside<T>(action: () => T): T {
    return this.#options.passage.inside(this.#options.bound, action);
  }

  verify(): void {
    verifyBound(this.#options.fs, this.#options.bound);
  }

  close(): void {
    this.#handles.close();
  }
}

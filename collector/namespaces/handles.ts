/**
 * Handles of one namespace's files: descriptors that only refer to a file, without opening it.
 *
 * A handle does not keep the namespace alive, unlike an open file. Opening the file through it fails once the namespace
 * is gone, and while the handle exists the kernel does not reuse the file's inode. So a handle never leads to another
 * namespace, whatever becomes of the process or the path that it was obtained through. It also costs a third less than
 * opening the file by its path.
 * Source: open(2) on `O_PATH`; `proc_reg_open` and `pde_put` in fs/proc/inode.c and generic.c of the kernel.
 */

import { constants } from 'node:fs';

import { errorCode, OperationError } from '../base/errors.ts';
import { ProblemError } from '../modules/problem.ts';
import { closeFile, type FileSystem } from '../procfs/file.ts';

/** Source: asm-generic/fcntl.h. Node.js does not name it. */
const O_PATH = 0o10000000;

/** Settings of the namespace that this process is in. */
export const SETTINGS = '/proc/sys/net/netfilter';

/**
 * Obtains a handle.
 *
 * @throws the system's error.
 */
export function handleOf(fs: FileSystem, path: string): number {
  return fs.openSync(path, O_PATH);
}

/** The path of what a descriptor of this process refers to. */
export function pathOf(descriptor: number): string {
  return `/proc/self/fd/${descriptor}`;
}

interface Handle {
  readonly name: string;
  readonly descriptor: number;
  readonly path: string;
}

export class Handles {
  readonly #fs: FileSystem;
  readonly #directory: string;
  readonly #find: (name: string) => number;
  #handles: readonly Handle[] = [];

  /**
   * @param directory of the files, for errors.
   * @param find obtains the handle of a file; throws the system's error if there is no such file, and a
   * {@link ProblemError} if the namespace is gone.
   */
  constructor(fs: FileSystem, directory: string, find: (name: string) => number) {
    this.#fs = fs;
    this.#directory = directory;
    this.#find = find;
  }

  /**
   * Opens a file for one reading.
   *
   * @throws {ProblemError} when the namespace is gone.
   * @throws {OperationError} with the system's code when the file cannot be opened.
   */
  open(name: string): number {
    const known = this.#handles.find((handle) => handle.name === name);
    if (known !== undefined) {
      try {
        return this.#fs.openSync(known.path, constants.O_RDONLY);
      } catch (error) {
        if (!isGone(error)) throw this.#failure(name, error);
        // Either the namespace is gone, or the kernel module that the file belongs to.
        this.#forget(known);
      }
    }
    try {
      return this.#fs.openSync(this.#add(name).path, constants.O_RDONLY);
    } catch (error) {
      throw error instanceof ProblemError ? error : this.#failure(name, error);
    }
  }

  close(): void {
    for (const { descriptor } of this.#handles) closeFile(this.#fs, descriptor);
    this.#handles = [];
  }

  #add(name: string): Handle {
    const descriptor = this.#find(name);
    const handle = { name, descriptor, path: pathOf(descriptor) };
    this.#handles = this.#handles.concat(handle);
    return handle;
  }

  #forget(gone: Handle): void {
    closeFile(this.#fs, gone.descriptor);
    this.#handles = this.#handles.filter((handle) => handle !== gone);
  }

  #failure(name: string, error: unknown): Error {
    // No process and no path holds the namespace any more.
    if (errorCode(error) === 'ENXIO') return new ProblemError('namespace_gone', this.#directory);
    return new OperationError('open', `${this.#directory}/${name}`, error);
  }
}

function isGone(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOENT' || code === 'ENXIO';
}

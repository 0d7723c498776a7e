/**
 * Enters network namespaces, and always comes back in the same call.
 *
 * This needs CAP_SYS_ADMIN, which is raised for each switch alone. Node.js runs JavaScript and its synchronous calls on the
 * main thread; the others never enter. Nothing may be collected in the wrong namespace, so the process ends at once if it
 * cannot come back. That takes another program to change its privileges in between: the way back is tried first.
 */

import { errorCode, OperationError } from '../base/errors.ts';
import { ProblemError } from '../modules/problem.ts';
import type { Foreign } from '../netlink/foreign.ts';
import { CAP_SYS_ADMIN, isPermitted } from '../procfs/credentials.ts';
import { closeFile, type FileSystem } from '../procfs/file.ts';
import { type IdentityFileSystem, openBound, openPath } from './identity.ts';
import type { Bound } from './namespace.ts';

/** Source: linux/sched.h. */
const CLONE_NEWNET = 0x40000000;
const OWN = '/proc/thread-self/ns/net';

export interface PassageOptions {
  readonly fs: FileSystem & IdentityFileSystem;
  /**
   * Loads the foreign function library; called once.
   *
   * @throws {ProblemError}
   */
  readonly foreign: () => Foreign;
  /** Ends the process at once, after writing a line to standard error. */
  readonly abort: (line: string) => never;
}

export class Passage {
  readonly #options: PassageOptions;
  /** Whether CAP_SYS_ADMIN is permitted; a process cannot gain it later. */
  #isPermitted: boolean | undefined;
  #loaded: Foreign | undefined;

  constructor(options: PassageOptions) {
    this.#options = options;
  }

  /**
   * Runs `action` in a namespace. What it opens belongs to that namespace. Costs 60 µs.
   *
   * @param target names the namespace in errors.
   * @param open opens what leads into the namespace.
   * @param action must not return a promise: it would continue outside.
   * @throws {ProblemError} `namespace_closed` if the privilege is missing; also what `open` and `action` throw.
   */
  inside<T>(target: string, open: () => number, action: () => T): T {
    const foreign = this.#foreign(target);
    const namespace = open();
    try {
      return this.#visit(foreign, target, namespace, action);
    } finally {
      closeFile(this.#options.fs, namespace);
    }
  }

  /** The inode of a namespace's `/proc/net/dev`, as {@link Anchor} has it; throws as {@link inside}. */
  inodeOf(bound: Bound): number {
    const { fs } = this.#options;
    return this.inside(
      bound.path,
      () => openBound(fs, bound),
      () => insideInode(fs),
    );
  }

  /**
   * Moves this thread into a namespace for good. On the main thread, `/proc/net` and `/proc/sys/net` are then those of the
   * namespace, and new sockets belong to it.
   *
   * @param path such as `/run/netns/blue` or `/proc/1234/ns/net`.
   * @throws as {@link inside}.
   */
  enter(path: string): void {
    const { fs } = this.#options;
    const foreign = this.#foreign(path);
    const namespace = openPath(fs, path);
    try {
      this.#switch(foreign, path, namespace);
    } finally {
      closeFile(fs, namespace);
    }
  }

  #visit<T>(foreign: Foreign, target: string, namespace: number, action: () => T): T {
    const { abort, fs } = this.#options;
    const own = openPath(fs, OWN);
    try {
      // Proves that the way back is open: it leads to another user namespace in some containers.
      this.#switch(foreign, target, own);
      try {
        this.#switch(foreign, target, namespace);
        return action();
      } finally {
        try {
          this.#switch(foreign, target, own);
        } catch (error) {
          abort(`cannot leave the network namespace ${target}: ${String(error)}`);
        }
      }
    } finally {
      closeFile(fs, own);
    }
  }

  #switch(foreign: Foreign, target: string, namespace: number): void {
    try {
      foreign.withCapability(CAP_SYS_ADMIN, () => foreign.setns(namespace, CLONE_NEWNET));
    } catch (error) {
      throw this.#refusal(target, error);
    }
  }

  #foreign(target: string): Foreign {
    this.#isPermitted ??= isPermitted(this.#options.fs, CAP_SYS_ADMIN);
    if (!this.#isPermitted) throw new ProblemError('namespace_closed', target, 'CAP_SYS_ADMIN is missing');
    this.#loaded ??= this.#options.foreign();
    return this.#loaded;
  }

  #refusal(target: string, error: unknown): Error {
    const failure = new OperationError('enter', target, error);
    return errorCode(error) === 'EPERM' ? new ProblemError('namespace_closed', target, failure) : failure;
  }
}

/** The inode of `/proc/net/dev` in the namespace that this thread is in. */
export function insideInode(fs: FileSystem): number {
  return Number(fs.statSync('/proc/thread-self/net/dev').ino);
}

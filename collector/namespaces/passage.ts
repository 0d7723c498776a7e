/**
 * Enters network namespaces, and always comes back in the same call.
 *
 * This needs CAP_SYS_ADMIN, which is raised for each switch alone. Node.js runs JavaScript and its synchronous calls on the
 * main thread; the others never enter. Nothing may be collected in the wrong namespace, so the process ends at once if it
 * cannot come back. That takes another program to change its privileges in between: the way back is tried first.
 */

import { constants } from 'node:fs';

import { errorCode, OperationError } from '../base/errors.ts';
import { ProblemError } from '../modules/problem.ts';
import type { Foreign } from '../netlink/foreign.ts';
import { CAP_SYS_ADMIN, isPermitted } from '../procfs/credentials.ts';
import { closeFile, type FileSystem } from '../procfs/file.ts';
import { handleOf } from './handles.ts';
import { type IdentityFileSystem, identityOf, pathError } from './identity.ts';
import type { Bound } from './namespace.ts';

/** Source: linux/sched.h. */
const CLONE_NEWNET = 0x40000000;
/** Non-blocking: opening a FIFO in place of a namespace would otherwise hang. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;
const OWN = '/proc/thread-self/ns/net';

export interface PassageOptions {
  readonly fs: FileSystem & IdentityFileSystem;
  /**
   * Loads the foreign function library, once.
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

  constructor(options: PassageOptions) {
    this.#options = options;
  }

  /**
   * Runs `action` in a namespace. What it opens belongs to that namespace.
   *
   * @param action must not return a promise: it would continue outside.
   * @throws {ProblemError} `namespace_gone` if the path does not lead to the namespace any more, `namespace_hidden` if it
   * is not accessible, `namespace_closed` if the privilege is missing.
   */
  inside<T>(bound: Bound, action: () => T): T {
    const foreign = this.#foreign(bound.path);
    const namespace = this.#open(bound);
    try {
      return this.#visit(foreign, bound.path, namespace, action);
    } finally {
      closeFile(this.#options.fs, namespace);
    }
  }

  /** The handle of a file below the namespace's `/proc/net`; throws as {@link inside}, or the system's error. */
  handle(bound: Bound, name: string): number {
    return this.inside(bound, () => handleOf(this.#options.fs, `/proc/thread-self/net/${name}`));
  }

  /** The inode of the namespace's `/proc/net/dev`, as {@link Anchor} has it; throws as {@link inside}. */
  inodeOf(bound: Bound): number {
    return this.inside(bound, () => Number(this.#options.fs.statSync('/proc/thread-self/net/dev').ino));
  }

  /**
   * Moves this thread into a namespace for good. On the main thread, `/proc/net` and `/proc/sys/net` are then those of the
   * namespace, and new sockets belong to it.
   *
   * @param path such as `/run/netns/blue` or `/proc/1234/ns/net`.
   * @throws as {@link inside}.
   */
  enter(path: string): void {
    const foreign = this.#foreign(path);
    const { fs } = this.#options;
    let namespace: number;
    try {
      namespace = fs.openSync(path, FLAGS);
    } catch (error) {
      throw pathError(path, error);
    }
    try {
      this.#switch(foreign, path, namespace);
    } finally {
      closeFile(fs, namespace);
    }
  }

  #visit<T>(foreign: Foreign, path: string, namespace: number, action: () => T): T {
    const { abort, fs } = this.#options;
    const own = fs.openSync(OWN, FLAGS);
    try {
      // Proves that the way back is open: it leads to another user namespace in some containers.
      this.#switch(foreign, path, own);
      this.#switch(foreign, path, namespace);
      try {
        return action();
      } finally {
        try {
          this.#switch(foreign, path, own);
        } catch (error) {
          abort(`cannot leave the network namespace ${path}: ${String(error)}`);
        }
      }
    } finally {
      closeFile(fs, own);
    }
  }

  #switch(foreign: Foreign, path: string, namespace: number): void {
    try {
      foreign.withCapability(CAP_SYS_ADMIN, () => foreign.setns(namespace, CLONE_NEWNET));
    } catch (error) {
      throw this.#refusal(path, error);
    }
  }

  #open({ identity, path }: Bound): number {
    const { fs } = this.#options;
    let namespace: number;
    try {
      namespace = fs.openSync(path, FLAGS);
    } catch (error) {
      throw pathError(path, error);
    }
    if (identityOf(fs.fstatSync(namespace, { bigint: true })) === identity) return namespace;
    closeFile(fs, namespace);
    throw new ProblemError('namespace_gone', path);
  }

  #foreign(path: string): Foreign {
    this.#isPermitted ??= isPermitted(this.#options.fs, CAP_SYS_ADMIN);
    if (!this.#isPermitted) throw new ProblemError('namespace_closed', path, 'CAP_SYS_ADMIN is missing');
    return this.#options.foreign();
  }

  #refusal(path: string, error: unknown): Error {
    const failure = new OperationError('enter', path, error);
    return errorCode(error) === 'EPERM' ? new ProblemError('namespace_closed', path, failure) : failure;
  }
}

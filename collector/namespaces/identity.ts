/** Which network namespace a path leads to. */

import { constants } from 'node:fs';

import { errorCode, OperationError } from '../base/errors.ts';
import { ProblemError } from '../modules/problem.ts';
import { closeFile, type FileSystem } from '../procfs/file.ts';
import type { Bound } from './namespace.ts';

interface Status {
  readonly ino: bigint;
  readonly ctimeNs: bigint;
}

/** The part of Node's `fs` that is used. */
export interface IdentityFileSystem {
  statSync(path: string, options: { readonly bigint: true }): Status;
  fstatSync(descriptor: number, options: { readonly bigint: true }): Status;
}

/** The identity of a bound namespace, as {@link Bound} has it. */
export function identityOf({ ctimeNs, ino }: Status): string {
  return `${ino}-${ctimeNs}`;
}

/**
 * The identity of the namespace that is bound to a path now, as {@link Bound} has it.
 *
 * @throws the system's error when the file cannot be seen.
 */
export function identityAt(fs: Pick<IdentityFileSystem, 'statSync'>, path: string): string {
  return identityOf(fs.statSync(path, { bigint: true }));
}

/**
 * Verifies that a path still leads to the same namespace. Costs 4 µs.
 *
 * @throws {ProblemError} `namespace_gone` if it does not; `namespace_hidden` if the path is not accessible.
 */
export function verifyBound(fs: IdentityFileSystem, { identity, path }: Bound): void {
  let status: Status;
  try {
    status = fs.statSync(path, { bigint: true });
  } catch (error) {
    throw pathError(path, error);
  }
  if (identityOf(status) !== identity) throw new ProblemError('namespace_gone', path);
}

/** Non-blocking: opening a FIFO in place of a namespace would otherwise hang. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** Opens a path that leads into a namespace, such as `/proc/1234/ns/net`; throws as {@link openBound}. */
export function openPath(fs: FileSystem, path: string): number {
  try {
    return fs.openSync(path, FLAGS);
  } catch (error) {
    throw pathError(path, error);
  }
}

/**
 * Opens a bound namespace, which keeps it alive, to enter it.
 *
 * @throws as {@link verifyBound}.
 */
export function openBound(fs: FileSystem & IdentityFileSystem, { identity, path }: Bound): number {
  const namespace = openPath(fs, path);
  if (identityOf(fs.fstatSync(namespace, { bigint: true })) === identity) return namespace;
  closeFile(fs, namespace);
  throw new ProblemError('namespace_gone', path);
}

/** The error of a namespace whose path cannot be used. */
function pathError(path: string, error: unknown): Error {
  const failure = new OperationError('open', path, error);
  const code = errorCode(error);
  if (code === 'EACCES') return new ProblemError('namespace_hidden', path, failure);
  return code === 'ENOENT' || code === 'ENOTDIR' ? new ProblemError('namespace_gone', path, failure) : failure;
}

/** Which network namespace a path leads to. */

import { errorCode, OperationError } from '../base/errors.ts';
import { ProblemError } from '../modules/problem.ts';
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

/** The error of a namespace whose path cannot be used. */
export function pathError(path: string, error: unknown): Error {
  const failure = new OperationError('open', path, error);
  const code = errorCode(error);
  if (code === 'EACCES') return new ProblemError('namespace_hidden', path, failure);
  return code === 'ENOENT' || code === 'ENOTDIR' ? new ProblemError('namespace_gone', path, failure) : failure;
}

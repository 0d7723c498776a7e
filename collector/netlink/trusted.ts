/**
 * Whether a directory can be trusted to hold code that runs with the program's capability.
 *
 * The program loads its library from beside itself. A user who can run it could hard-link it into a directory of theirs,
 * add another library and so misuse the capability. A program with file capabilities therefore loads only what root
 * alone can have put there.
 */

import { dirname } from 'node:path';

import { OperationError } from '../base/errors.ts';

/** The part of Node's `fs` that is used. */
export interface OwnershipFileSystem {
  realpathSync(path: string): string | Buffer;
  statSync(path: string): { readonly uid: number | bigint; readonly mode: number | bigint };
}

const WRITABLE_BY_OTHERS = 0o022;
/** In a directory with this mode only the owner of a file can replace it. */
const STICKY = 0o1000;

/** A user other than root can change what the program would load. */
export class UntrustedError extends Error {
  override readonly name = 'UntrustedError';

  constructor(path: string, folder: string) {
    super(`${path}: users other than root can write to ${folder}`);
  }
}

/**
 * Resolves a directory that only root can change, or replace by changing a parent directory.
 *
 * @param path absolute.
 * @returns the real path. Load from there, not from `path`, whose links can change.
 * @throws {UntrustedError} naming the directory that other users can write to.
 * @throws {OperationError} when it does not exist.
 */
export function trustedFolder(fs: OwnershipFileSystem, path: string): string {
  const real = resolve(fs, path);
  for (let folder = real; ; folder = dirname(folder)) {
    const { mode, uid } = fs.statSync(folder);
    const isWritable = (Number(mode) & WRITABLE_BY_OTHERS) !== 0;
    const isSticky = folder !== real && (Number(mode) & STICKY) !== 0;
    if (Number(uid) !== 0 || (isWritable && !isSticky)) throw new UntrustedError(path, folder);
    if (folder === dirname(folder)) return real;
  }
}

function resolve(fs: OwnershipFileSystem, path: string): string {
  try {
    return String(fs.realpathSync(path));
  } catch (error) {
    throw new OperationError('load', path, error);
  }
}

/**
 * Whether a folder can be trusted with code that runs with the capability of the program.
 *
 * The program finds its library beside itself. Somebody who may run it could make a hard link to it in a folder of
 * their own, put another library there and so use the capability for anything. So a program that has its capability
 * from its own file loads only what nobody but root can have put there.
 */

import { dirname } from 'node:path';

import { OperationError } from '../base/errors.ts';

/** The part of Node's `fs` that this takes. */
export interface OwnershipFileSystem {
  realpathSync(path: string): string | Buffer;
  statSync(path: string): { readonly uid: number | bigint; readonly mode: number | bigint };
}

const WRITABLE_BY_OTHERS = 0o022;
/** In a folder of this mode only the owner of a file can replace it. */
const STICKY = 0o1000;

/** Somebody other than root can change what the program would load. */
export class UntrustedError extends Error {
  override readonly name = 'UntrustedError';

  constructor(path: string, folder: string) {
    super(`${path}: somebody other than root can write to ${folder}`);
  }
}

/**
 * Finds a folder that nobody but root can change, or replace by changing a folder above it.
 *
 * @param path absolute.
 * @returns where it is in the end. That must be loaded, and not `path`: a link on the way can lead elsewhere by then.
 * @throws {UntrustedError} naming the folder that is in the way.
 * @throws {OperationError} when there is none.
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

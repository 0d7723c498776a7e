/**
 * Reading what `check` looks at. All of it is text, and none of it must be there. Others may have put something else in
 * its place.
 */

import { constants } from 'node:fs';

import { OperationError } from '../base/errors.ts';
import type { OwnershipFileSystem } from '../netlink/trusted.ts';
import type { FileSystem } from '../procfs/file.ts';

/** The part of Node's `fs` that `check` takes; memfs fits too. */
export interface CheckFileSystem extends FileSystem, OwnershipFileSystem {
  fstatSync(descriptor: number): ReturnType<FileSystem['fstatSync']> & { isFile(): boolean };
  statSync(path: string): ReturnType<FileSystem['statSync']> &
    ReturnType<OwnershipFileSystem['statSync']> & {
      dev: number | bigint;
      gid: number | bigint;
      size: number | bigint;
      ctimeMs: number;
    };
  readdirSync(path: string): unknown[];
  readlinkSync(path: string): unknown;
}

/** Without waiting for somebody to write, as at a FIFO. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;
/** No file that is read here comes near this size, in bytes. */
const LARGEST = 4 * 1024 * 1024;

/**
 * The text of a regular file.
 *
 * @throws the system's error when it cannot be read.
 * @throws {OperationError} when it is of another kind, or too large.
 */
export function readRegular(fs: CheckFileSystem, path: string): string {
  const text = readFrom(fs, path, 0, LARGEST + 1);
  if (text.length > LARGEST) throw new OperationError('read', path, `it is larger than ${LARGEST} bytes`);
  return text.toString('utf8');
}

/** At most so many bytes of the end of a regular file, or `undefined` when it cannot be read. */
export function readEnd(fs: CheckFileSystem, path: string, most: number): string | undefined {
  return attempt(() => {
    const start = Math.max(0, Number(fs.statSync(path).size) - most);
    return readFrom(fs, path, start, most).toString('utf8');
  });
}

function readFrom(fs: CheckFileSystem, path: string, start: number, most: number): Buffer {
  const descriptor = fs.openSync(path, FLAGS);
  try {
    if (!fs.fstatSync(descriptor).isFile()) throw new OperationError('read', path, 'it is no regular file');
    const chunks: Buffer[] = [];
    for (let length = 0; length < most; ) {
      const chunk = Buffer.alloc(Math.min(65_536, most - length));
      const got = fs.readSync(descriptor, chunk, 0, chunk.length, start + length);
      if (got === 0) break;
      chunks.push(chunk.subarray(0, got));
      length += got;
    }
    return Buffer.concat(chunks);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** The text of a file, or `undefined` when it cannot be read. */
export function readText(fs: CheckFileSystem, path: string): string | undefined {
  return attempt(() => readRegular(fs, path));
}

/** The one decimal number that a file below `/proc/sys` holds, or `undefined`. */
export function readNumber(fs: CheckFileSystem, path: string): number | undefined {
  const text = readText(fs, path)?.trim() ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** What a symbolic link says, or `undefined` when it cannot be read. */
export function readLink(fs: CheckFileSystem, path: string): string | undefined {
  return attempt(() => String(fs.readlinkSync(path)));
}

/** A path without links; the path itself where that cannot be told. */
export function realPath(fs: CheckFileSystem, path: string): string {
  return attempt(() => String(fs.realpathSync(path))) ?? path;
}

/** What an action returns, or `undefined` when it throws. */
export function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

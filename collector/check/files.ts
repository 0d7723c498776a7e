/**
 * Reading what `check` looks at. All of it is text, and none of it must be there. Others may have put something else in
 * its place.
 */

import { constants } from 'node:fs';

import { OperationError } from '../errors.ts';
import type { OwnershipFileSystem } from '../netlink/trusted.ts';
import type { FileSystem } from '../procfs/file.ts';

/** The part of Node's `fs` that `check` takes; memfs fits too. */
export interface CheckFileSystem extends FileSystem, OwnershipFileSystem {
  fstatSync(descriptor: number): ReturnType<FileSystem['fstatSync']> & { isFile(): boolean };
  statSync(
    path: string,
  ): ReturnType<FileSystem['statSync']> & ReturnType<OwnershipFileSystem['statSync']> & { dev: number | bigint };
  readdirSync(path: string): unknown[];
  readlinkSync(path: string): unknown;
  accessSync(path: string, mode: number): void;
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
  const descriptor = fs.openSync(path, FLAGS);
  try {
    if (!fs.fstatSync(descriptor).isFile()) throw new OperationError('read', path, 'it is no regular file');
    return readAll(fs, descriptor, path).toString('utf8');
  } finally {
    fs.closeSync(descriptor);
  }
}

function readAll(fs: CheckFileSystem, descriptor: number, path: string): Buffer {
  const chunks: Buffer[] = [];
  for (let length = 0; length <= LARGEST; ) {
    const chunk = Buffer.alloc(65_536);
    const got = fs.readSync(descriptor, chunk, 0, chunk.length, length);
    if (got === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, got));
    length += got;
  }
  throw new OperationError('read', path, `it is larger than ${LARGEST} bytes`);
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

/** Whether this process may do with a file what `mode` says. */
export function isAllowed(fs: CheckFileSystem, path: string, mode: number): boolean {
  return attempt(() => fs.accessSync(path, mode) ?? true) ?? false;
}

/** What an action returns, or `undefined` when it throws. */
export function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

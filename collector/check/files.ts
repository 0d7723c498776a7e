/**
 * Reads the files that `check` examines. All are text and optional, and other users may have put something else in their
 * place.
 */

import { constants } from 'node:fs';

import * as v from 'valibot';

import { OperationError } from '../base/errors.ts';
import type { ConfigFileSystem } from '../config/load.ts';
import type { OwnershipFileSystem } from '../netlink/trusted.ts';
import type { FileSystem } from '../procfs/file.ts';

/** The part of Node's `fs` that `check` uses; memfs fits too. */
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

/** Without blocking on a FIFO. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;
/** Bytes; none of the files comes near this size. */
const LARGEST = 4 * 1024 * 1024;

/**
 * The text of a regular file.
 *
 * @throws the system's error if it cannot be read.
 * @throws {OperationError} if it is not a regular file, or too large.
 */
export function readRegular(fs: CheckFileSystem, path: string): string {
  const text = readFrom(fs, path, 0, LARGEST + 1);
  if (text.length > LARGEST) throw new OperationError('read', path, `larger than ${LARGEST} bytes`);
  return text.toString('utf8');
}

/** At most this many bytes from the end of a regular file; `undefined` if it cannot be read. */
export function readEnd(fs: CheckFileSystem, path: string, most: number): string | undefined {
  return attempt(() => {
    const start = Math.max(0, Number(fs.statSync(path).size) - most);
    return readFrom(fs, path, start, most).toString('utf8');
  });
}

/** Reads only regular files: a FIFO would block until another process writes to it, and a device may have no end. */
export function regularFiles(fs: CheckFileSystem): ConfigFileSystem {
  return { readFileSync: (path) => readRegular(fs, path) };
}

function readFrom(fs: CheckFileSystem, path: string, start: number, most: number): Buffer {
  const descriptor = fs.openSync(path, FLAGS);
  try {
    if (!fs.fstatSync(descriptor).isFile()) throw new OperationError('read', path, 'not a regular file');
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

/** The text of a file; `undefined` if it cannot be read. */
export function readText(fs: CheckFileSystem, path: string): string | undefined {
  return attempt(() => readRegular(fs, path));
}

/** The decimal number in a file below `/proc/sys`; `undefined` if there is none. */
export function readNumber(fs: CheckFileSystem, path: string): number | undefined {
  const text = readText(fs, path)?.trim() ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** The target of a symbolic link; `undefined` if it cannot be read. */
export function readLink(fs: CheckFileSystem, path: string): string | undefined {
  return attempt(() => String(fs.readlinkSync(path)));
}

/** A path without links; the path itself if it cannot be resolved. */
export function realPath(fs: CheckFileSystem, path: string): string {
  return attempt(() => String(fs.realpathSync(path))) ?? path;
}

/** The value of a JSON text; `undefined` if it does not match the schema. */
export function parseJson<T>(schema: v.GenericSchema<unknown, T>, json: string): T | undefined {
  return attempt(() => v.parse(schema, JSON.parse(json)));
}

/** The result of an action; `undefined` if it throws. */
export function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

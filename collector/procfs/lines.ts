/**
 * Reading a long kernel file piece by piece, as whole lines, without ever holding all of it.
 *
 * The kernel hands such a file out a page at a time, and breaks off where the next line would not fit. A piece that
 * leaves room for more lines is therefore the last, and it is better not to ask for another: at the end of its lists of
 * TCP sockets the kernel walks over the whole hash table anew, and repeats some of them if others were added meanwhile.
 * Source: `seq_read_iter` in fs/seq_file.c and `tcp_seq_start` in net/ipv4/tcp_ipv4.c.
 */

import { constants } from 'node:fs';

import { FormatError, OperationError } from '../base/errors.ts';
import type { FileSystem } from './file.ts';

/** Bytes of the buffer, which is also the longest line that there may be. */
const SIZE = 64 * 1024;
const NEWLINE = 10;
/** The least that a page has, and more than the longest line of a list of sockets, in bytes. */
const PAGE = 4096;
const LINE = 512;
/** Without waiting: a FIFO in place of a kernel file would otherwise stop the whole program. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

export class LineFile {
  readonly #fs: FileSystem;
  readonly #buffer = Buffer.allocUnsafe(SIZE);
  #path = '';
  #descriptor: number | undefined;
  /** Bytes of the file that were read so far. */
  #position = 0;
  /** Bytes of the buffer that are filled, and how many of them were returned. */
  #filled = 0;
  #returned = 0;
  /** Whether the file is the kernel's own: those have text, but no size. */
  #isPaged = false;
  #isAtEnd = false;
  /** Bytes of the largest piece so far: about a page, once there are several. */
  #largest = 0;

  constructor(fs: FileSystem) {
    this.#fs = fs;
  }

  /**
   * Begins to read a file; one that is open is closed first.
   *
   * @throws {OperationError} with the system's code.
   */
  open(path: string): void {
    this.close();
    this.#path = path;
    this.#position = 0;
    this.#filled = 0;
    this.#returned = 0;
    this.#isAtEnd = false;
    this.#largest = 0;
    try {
      this.#descriptor = this.#fs.openSync(path, FLAGS);
      this.#isPaged = Number(this.#fs.fstatSync(this.#descriptor).size) === 0;
    } catch (error) {
      throw new OperationError('open', path, error);
    }
  }

  /**
   * The next lines, each with its end, in a buffer that the next call overwrites; `undefined` when there are no more.
   *
   * @throws {OperationError} with the system's code.
   * @throws {FormatError} when the last line has no end, or one is too long.
   */
  next(): Buffer | undefined {
    this.#buffer.copyWithin(0, this.#returned, this.#filled);
    this.#filled -= this.#returned;
    this.#returned = 0;
    for (;;) {
      const got = this.#isAtEnd ? 0 : this.#read();
      if (got === 0 && this.#filled > 0) throw new FormatError('the last line is cut off');
      if (got === 0) return undefined;
      this.#filled += got;
      this.#returned = this.#buffer.subarray(0, this.#filled).lastIndexOf(NEWLINE) + 1;
      this.#isAtEnd = this.#isPaged && got < Math.max(PAGE, this.#largest) - LINE && this.#returned === this.#filled;
      this.#largest = Math.max(this.#largest, got);
      if (this.#returned > 0) return this.#buffer.subarray(0, this.#returned);
      if (this.#filled === SIZE) throw new FormatError(`a line is longer than ${SIZE} bytes`);
    }
  }

  /** Lets go of the file. */
  close(): void {
    if (this.#descriptor === undefined) return;
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    try {
      this.#fs.closeSync(descriptor);
    } catch {
      // Nothing was written, so nothing can be lost.
    }
  }

  #read(): number {
    try {
      if (this.#descriptor === undefined) throw new Error('it is closed');
      const room = SIZE - this.#filled;
      const got = this.#fs.readSync(this.#descriptor, this.#buffer, this.#filled, room, this.#position);
      this.#position += got;
      return got;
    } catch (error) {
      throw new OperationError('read', this.#path, error);
    }
  }
}

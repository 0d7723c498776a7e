/**
 * Reads a long kernel file in pieces of whole lines, without holding all of it.
 *
 * The kernel returns such a file one page at a time and stops where the next line would not fit. So a piece with room
 * for another line is the last one. Reading on would be wrong as well as slow: at the end of its TCP lists the kernel
 * walks the whole hash table again, and repeats sockets if others were added in the meantime.
 * Source: `seq_read_iter` in fs/seq_file.c and `tcp_seq_start` in net/ipv4/tcp_ipv4.c.
 */

import { FormatError, OperationError } from '../base/errors.ts';
import { closeFile, type FileSystem, isKernelFile, openFile } from './file.ts';

/** Bytes of the buffer, and so of the longest possible line. */
const SIZE = 64 * 1024;
const NEWLINE = 10;
/** Bytes of the smallest page, and a bound for the longest line in a list of sockets. */
const PAGE = 4096;
const LINE = 512;

export class LineFile {
  readonly #fs: FileSystem;
  readonly #buffer = Buffer.allocUnsafe(SIZE);
  #path = '';
  #descriptor: number | undefined;
  /** Bytes of the file read so far. */
  #position = 0;
  /** Filled bytes of the buffer, and how many of them were returned. */
  #filled = 0;
  #returned = 0;
  #isPaged = false;
  #isAtEnd = false;
  /** Bytes of the largest piece so far: about one page, from the second piece on. */
  #largest = 0;

  constructor(fs: FileSystem) {
    this.#fs = fs;
  }

  /**
   * Opens a file, after closing the one that is open.
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
    this.#descriptor = openFile(this.#fs, path);
    this.#isPaged = isKernelFile(this.#fs, this.#descriptor);
  }

  /**
   * The next lines, each with its newline, in a buffer that the next call overwrites; `undefined` at the end.
   *
   * @throws {OperationError} with the system's code.
   * @throws {FormatError} when the last line has no newline, or a line is too long.
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

  close(): void {
    if (this.#descriptor !== undefined) closeFile(this.#fs, this.#descriptor);
    this.#descriptor = undefined;
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

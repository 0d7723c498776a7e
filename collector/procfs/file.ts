/**
 * Reading one kernel file again and again at the lowest price: a kept descriptor, positioned reads, one buffer.
 *
 * A descriptor of a proc file whose module was unloaded, or whose namespace is gone, fails when it is read; the file is
 * then opened anew. A regular file that was replaced (a recorded host) is noticed by its link count.
 */

import { constants } from 'node:fs';

import { OperationError } from '../base/errors.ts';

/** The part of Node's `fs` that reading the kernel's files takes; memfs fits too. */
export interface FileSystem {
  openSync(path: string, flags: number): number;
  readSync(descriptor: number, buffer: Uint8Array, offset: number, length: number, position: number): number;
  fstatSync(descriptor: number): { nlink: number | bigint; size: number | bigint };
  closeSync(descriptor: number): void;
  statSync(path: string): { ino: number | bigint; mtimeMs: number | bigint };
}

/** Without waiting: a FIFO in place of a kernel file would otherwise stop the whole program. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** No file that this program reads comes near this size; 1,024 CPUs take 160 kB. */
const LARGEST = 4 * 1024 * 1024;

export class KernelFile {
  readonly #fs: FileSystem;
  readonly #path: () => string;
  #buffer: Buffer;
  #view: Buffer;
  #descriptor: number | undefined;
  /** Where the descriptor was opened. */
  #opened: string | undefined;
  /** Whether the file may be replaced under its descriptor. The kernel's own never are: they have text, but no size. */
  #isReplaceable = false;
  #restarted = false;

  /**
   * @param path asked again whenever the file must be opened.
   * @param size of the buffer at first, in bytes; it grows as the file demands.
   */
  constructor(fs: FileSystem, path: () => string, size = 4096) {
    this.#fs = fs;
    this.#path = path;
    this.#buffer = Buffer.allocUnsafe(size);
    this.#view = this.#buffer;
  }

  /** Where the file is that was read last, or would be now. */
  get path(): string {
    return this.#opened ?? this.#path();
  }

  /**
   * Whether the last {@link read} found its kept descriptor dead and opened the file anew: what the file counts may
   * have started again from 0.
   */
  get restarted(): boolean {
    return this.#restarted;
  }

  /**
   * The whole text as it is now, in a buffer that the next call overwrites.
   *
   * @throws {OperationError} with the system's code when the file cannot be opened or read.
   */
  read(): Buffer {
    this.#restarted = false;
    if (this.#descriptor !== undefined) {
      try {
        if (!this.#isReplaced(this.#descriptor)) return this.#readAll(this.#descriptor);
      } catch {
        // Dead: whether the file can be had at all is what opening it again tells.
        this.#restarted = true;
      }
      this.close();
    }
    const path = this.#path();
    this.#descriptor = this.#open(path);
    this.#opened = path;
    try {
      const text = this.#readAll(this.#descriptor);
      const hasSize = Number(this.#fs.fstatSync(this.#descriptor).size) > 0;
      this.#isReplaceable = hasSize || text.length === 0;
      return text;
    } catch (error) {
      this.close();
      throw new OperationError('read', path, error);
    }
  }

  /** Lets go of the descriptor; the next {@link read} opens the file again. */
  close(): void {
    if (this.#descriptor === undefined) return;
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    this.#opened = undefined;
    try {
      this.#fs.closeSync(descriptor);
    } catch {
      // Nothing was written, so nothing can be lost.
    }
  }

  #isReplaced(descriptor: number): boolean {
    return this.#isReplaceable && Number(this.#fs.fstatSync(descriptor).nlink) === 0;
  }

  #open(path: string): number {
    try {
      return this.#fs.openSync(path, FLAGS);
    } catch (error) {
      throw new OperationError('open', path, error);
    }
  }

  #readAll(descriptor: number): Buffer {
    let length = 0;
    for (;;) {
      if (length === this.#buffer.length) this.#grow(length);
      const got = this.#fs.readSync(descriptor, this.#buffer, length, this.#buffer.length - length, length);
      if (got === 0) return this.#text(length);
      length += got;
    }
  }

  /** The first bytes of the buffer. A view is kept: from one reading to the next the length seldom changes. */
  #text(length: number): Buffer {
    if (this.#view.length !== length) this.#view = this.#buffer.subarray(0, length);
    return this.#view;
  }

  #grow(length: number): void {
    if (length >= LARGEST) throw new RangeError(`larger than ${LARGEST} bytes`);
    const larger = Buffer.allocUnsafe(length * 2);
    this.#buffer.copy(larger, 0, 0, length);
    this.#buffer = larger;
    this.#view = larger;
  }
}

/** Whether there is something at a path, as far as this process can see. */
export function exists(fs: Pick<FileSystem, 'statSync'>, path: string): boolean {
  try {
    fs.statSync(path);
    return true;
  } catch {
    return false;
  }
}

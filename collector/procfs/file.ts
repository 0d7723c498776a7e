/**
 * Reads one kernel file repeatedly at low cost: it keeps the descriptor, unless the file system forbids that, and the
 * buffer, and reads at position 0.
 *
 * The descriptor of a proc file fails once its module is unloaded or its namespace is gone; the file is then reopened. A
 * regular file that was replaced (a recorded host) has no links any more.
 */

import { constants } from 'node:fs';

import { OperationError } from '../base/errors.ts';

/** The part of Node's `fs` that reads kernel files; memfs fits too. */
export interface FileSystem {
  openSync(path: string, flags: number): number;
  readSync(descriptor: number, buffer: Uint8Array, offset: number, length: number, position: number): number;
  fstatSync(descriptor: number): { nlink: number | bigint; size: number | bigint };
  closeSync(descriptor: number): void;
  /** Whether an open file or channel keeps alive what it belongs to: then it is closed after each reading. */
  readonly isTransient?: boolean;
  statSync(path: string): { ino: number | bigint; mtimeMs: number | bigint };
}

/** Non-blocking: opening a FIFO in place of a kernel file would otherwise hang. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** Bytes. No file that this program reads whole comes near: the statistics of 1,024 CPUs take 160 kB. */
const LARGEST = 4 * 1024 * 1024;

/** Memory for the text of a file. */
export class FileText {
  #buffer: Buffer;
  #view: Buffer;

  constructor(size: number) {
    this.#buffer = Buffer.allocUnsafe(size);
    this.#view = this.#buffer;
  }

  /**
   * Reads a file to its end.
   *
   * @returns the whole text, in memory that the next call overwrites.
   * @throws the system's error; {RangeError} when the file is too large.
   */
  read(fs: Pick<FileSystem, 'readSync'>, descriptor: number): Buffer {
    let length = 0;
    for (;;) {
      if (length === this.#buffer.length) this.#grow(length);
      const got = fs.readSync(descriptor, this.#buffer, length, this.#buffer.length - length, length);
      if (got === 0) return this.#first(length);
      length += got;
    }
  }

  /** The first bytes of the buffer, as a view that is reused while the length stays the same. */
  #first(length: number): Buffer {
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

/** Shared by all files that are closed after each reading: there can be thousands. */
const transientText = new FileText(4096);

export class KernelFile {
  readonly #fs: FileSystem;
  readonly #path: () => string;
  readonly #text: FileText;
  #descriptor: number | undefined;
  /** The path of the descriptor. */
  #opened: string | undefined;
  /** Whether the file can be replaced while it is open. Kernel files cannot; they have text but no size. */
  #isReplaceable = false;
  #restarted = false;

  /**
   * @param path evaluated whenever the file is opened.
   * @param size initial bytes of the buffer, which grows as needed.
   */
  constructor(fs: FileSystem, path: () => string, size = 4096) {
    this.#fs = fs;
    this.#path = path;
    this.#text = fs.isTransient === true ? transientText : new FileText(size);
  }

  /** The path of the open file, or the one that would be opened now. */
  get path(): string {
    return this.#opened ?? this.#path();
  }

  /**
   * Whether the last {@link read} found a dead descriptor and reopened the file: what the file counts may have restarted
   * from 0.
   */
  get restarted(): boolean {
    return this.#restarted;
  }

  /**
   * The whole current text, in memory that the next call overwrites; also the next call for another file if the file
   * system is transient.
   *
   * @throws {OperationError} with the system's code when the file cannot be opened or read.
   */
  read(): Buffer {
    this.#restarted = false;
    if (this.#descriptor !== undefined) {
      try {
        if (!this.#isReplaced(this.#descriptor)) return this.#text.read(this.#fs, this.#descriptor);
      } catch {
        // Dead. Reopening shows whether the file still exists.
        this.#restarted = true;
      }
      this.close();
    }
    return this.#fs.isTransient === true ? this.#readOnce() : this.#openAndRead();
  }

  #readOnce(): Buffer {
    try {
      return this.#read(this.#open());
    } finally {
      this.close();
    }
  }

  #openAndRead(): Buffer {
    const descriptor = this.#open();
    try {
      const text = this.#read(descriptor);
      this.#isReplaceable = text.length === 0 || !isKernelFile(this.#fs, descriptor);
      return text;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #open(): number {
    const path = this.#path();
    this.#descriptor = openFile(this.#fs, path);
    this.#opened = path;
    return this.#descriptor;
  }

  #read(descriptor: number): Buffer {
    try {
      return this.#text.read(this.#fs, descriptor);
    } catch (error) {
      throw new OperationError('read', this.path, error);
    }
  }

  /** Closes the descriptor; the next {@link read} opens the file again. */
  close(): void {
    if (this.#descriptor !== undefined) closeFile(this.#fs, this.#descriptor);
    this.#descriptor = undefined;
    this.#opened = undefined;
  }

  #isReplaced(descriptor: number): boolean {
    return this.#isReplaceable && Number(this.#fs.fstatSync(descriptor).nlink) === 0;
  }
}

/**
 * Opens a file for reading.
 *
 * @throws {OperationError} with the system's code.
 */
export function openFile(fs: FileSystem, path: string): number {
  try {
    return fs.openSync(path, FLAGS);
  } catch (error) {
    throw new OperationError('open', path, error);
  }
}

export function closeFile(fs: FileSystem, descriptor: number): void {
  try {
    fs.closeSync(descriptor);
  } catch {
    // Nothing was written, so nothing can be lost.
  }
}

/** Whether a descriptor is of a file that the kernel generates: it has no size, even if it has text. */
export function isKernelFile(fs: FileSystem, descriptor: number): boolean {
  return Number(fs.fstatSync(descriptor).size) === 0;
}

/** The whole text of a file that is read once; `undefined` if it cannot be read. */
export function readText(fs: FileSystem, path: string): string | undefined {
  const file = new KernelFile(fs, () => path);
  try {
    return file.read().toString('utf8');
  } catch {
    return undefined;
  } finally {
    file.close();
  }
}

/** Whether a path exists, as far as this process can see. */
export function exists(fs: Pick<FileSystem, 'statSync'>, path: string): boolean {
  try {
    fs.statSync(path);
    return true;
  } catch {
    return false;
  }
}

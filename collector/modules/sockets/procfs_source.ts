/** Counts sockets from the kernel's lists in `/proc/net`. Needs no privilege. */

import { FormatError, OperationError } from '../../base/errors.ts';
import type { FileSystem } from '../../procfs/file.ts';
import type { Host } from '../../procfs/host.ts';
import { LineFile } from '../../procfs/lines.ts';
import type { Work } from '../slices.ts';
import { SocketTally, TABLES } from './socket_tally.ts';
import { readStates, skipHeadings } from './socket_text.ts';

/** Hexadecimal digits of an address. */
const DIGITS = { tcp: 8, tcp6: 32, udp: 8, udp6: 32 } as const;

export class ProcfsSource {
  readonly #host: Host;
  readonly #file: LineFile;

  constructor(fs: FileSystem, host: Host) {
    this.#host = host;
    this.#file = new LineFile(fs);
  }

  /**
   * Counts all sockets of both protocols and both address families; a host without IPv6 lacks its lists. The caller closes
   * the source after an error.
   *
   * @throws {OperationError} when a list cannot be read.
   * @throws {FormatError} when one is malformed.
   */
  *count(): Work<SocketTally[]> {
    const tallies: SocketTally[] = [];
    for (const table of TABLES) {
      const path = this.#host.net(table);
      if (!this.#open(path, table.endsWith('6'))) continue;
      const tally = new SocketTally(table);
      try {
        yield* this.#countLines(DIGITS[table], tally);
      } catch (error) {
        throw error instanceof FormatError ? new FormatError(`${path}: ${error.message}`) : error;
      }
      tallies.push(tally);
      yield;
    }
    return tallies;
  }

  close(): void {
    this.#file.close();
  }

  /** Opens a list; `false` if an optional one is missing. */
  #open(path: string, isOptional: boolean): boolean {
    try {
      this.#file.open(path);
      return true;
    } catch (error) {
      if (isOptional && error instanceof OperationError && error.code === 'ENOENT') return false;
      throw error;
    }
  }

  *#countLines(digits: number, tally: SocketTally): Work<void> {
    const add = (state: number): void => tally.add(state);
    let lines = this.#file.next();
    if (lines === undefined) throw new FormatError('empty file');
    let start = skipHeadings(lines);
    for (; lines !== undefined; lines = this.#file.next()) {
      readStates(lines, start, digits, add);
      start = 0;
      yield;
    }
    this.#file.close();
  }
}

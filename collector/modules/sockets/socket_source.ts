/** Where sockets are counted: by sock_diag where that can be had, else in the text of procfs, which costs more. */

import type { Log } from '../../log.ts';
import type { FileSystem } from '../../procfs/file.ts';
import type { Host } from '../../procfs/host.ts';
import { type Connect, SOCK_DIAG_REMEDIES } from '../access.ts';
import { Attempts } from '../attempts.ts';
import type { Work } from '../slices.ts';
import { DiagSource } from './diag_source.ts';
import { ProcfsSource } from './procfs_source.ts';
import type { SocketTally } from './socket_tally.ts';

export interface SocketSourceOptions {
  readonly fs: FileSystem;
  readonly host: Host;
  readonly log: Log;
  readonly connect: Connect;
  readonly readFrom: 'auto' | 'netlink' | 'procfs';
}

export class SocketSource {
  readonly #options: SocketSourceOptions;
  readonly #diag: DiagSource;
  readonly #procfs: ProcfsSource;
  /** Attempts at sock_diag while there is procfs to fall back on. */
  readonly #attempts: Attempts;

  constructor(options: SocketSourceOptions) {
    const { connect, fs, host, log } = options;
    this.#options = options;
    this.#diag = new DiagSource(connect);
    this.#procfs = new ProcfsSource(fs, host);
    this.#attempts = new Attempts({
      log,
      lost: 'sockets are counted in the text of procfs, which costs more',
      back: 'sockets are counted over netlink again',
      remedies: SOCK_DIAG_REMEDIES,
      required: false,
      level: 'info',
    });
  }

  /**
   * Counts all sockets of both protocols, of each address family that the host has.
   *
   * @param at monotonic time in microseconds.
   * @throws {Obstacle | OperationError | FormatError} when they cannot be counted. The source must then be closed.
   */
  *count(at: number): Work<readonly SocketTally[]> {
    const { readFrom } = this.#options;
    if (readFrom === 'procfs') return yield* this.#procfs.count();
    if (readFrom === 'netlink') return this.#existing(yield* this.#diag.count());
    if (this.#attempts.isDue(at)) {
      try {
        const tallies = yield* this.#diag.count();
        this.#attempts.succeeded(at);
        return this.#existing(tallies);
      } catch (error) {
        this.#diag.close();
        this.#attempts.failed(at, error);
      }
    }
    return yield* this.#procfs.count();
  }

  close(): void {
    this.#diag.close();
    this.#procfs.close();
  }

  /** Without those of IPv6 on a host that has none: sock_diag answers for it all the same. */
  #existing(tallies: readonly SocketTally[]): SocketTally[] {
    return tallies.filter(({ sockets, table }) => sockets > 0 || !table.endsWith('6') || this.#isThere(table));
  }

  #isThere(table: string): boolean {
    try {
      this.#options.fs.statSync(this.#options.host.net(table));
      return true;
    } catch {
      return false;
    }
  }
}

/** Counts sockets over sock_diag if available, else from procfs, which costs more CPU time. */

import { errorCode } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { type FileSystem, readText } from '../../procfs/file.ts';
import type { Host } from '../../procfs/host.ts';
import type { Connect } from '../access.ts';
import { Attempts } from '../attempts.ts';
import type { Status } from '../module.ts';
import type { Work } from '../slices.ts';
import { DiagSource } from './diag_source.ts';
import { ProcfsSource } from './procfs_source.ts';
import { type SocketTally, TABLES, type Table } from './socket_tally.ts';
import { totalsIn } from './sockstat.ts';

export interface SocketSourceOptions {
  readonly fs: FileSystem;
  readonly host: Host;
  readonly log: Log;
  readonly connect: Connect;
  readonly readFrom: 'auto' | 'netlink' | 'procfs';
}

/** Seconds. Each retry makes the kernel look for its sock_diag modules, which a host may lack for good. */
const RETRY = 600;

/** The result of a count. */
export interface SocketCount {
  /** One for each list of the host. */
  readonly tallies: readonly SocketTally[];
  /** Whether sock_diag failed before, so that the cost includes both. */
  readonly isSecondTry: boolean;
}

export class SocketSource {
  readonly #options: SocketSourceOptions;
  readonly #diag: DiagSource;
  readonly #procfs: ProcfsSource;
  /** Attempts at sock_diag, with procfs as the fallback. */
  readonly #attempts: Attempts;
  /** The IPv6 lists that the host is known to have. */
  readonly #seen = new Set<Table>();

  constructor(options: SocketSourceOptions) {
    const { connect, fs, host, log } = options;
    this.#options = options;
    this.#diag = new DiagSource(connect);
    this.#procfs = new ProcfsSource(fs, host);
    this.#attempts = new Attempts({
      log,
      lost: 'sockets are counted from procfs, which costs more CPU time',
      back: 'sockets are counted over netlink',
      from: 'sock_diag',
      loses: 'part',
      required: false,
      level: 'info',
      retry: RETRY,
    });
  }

  /**
   * Counts all TCP and UDP sockets, of each address family that the host has.
   *
   * @param at monotonic time in microseconds.
   * @throws {ProblemError | OperationError | FormatError} when they cannot be counted. The source must then be closed.
   */
  *count(at: number): Work<SocketCount> {
    const { readFrom } = this.#options;
    if (readFrom === 'netlink') return { tallies: this.#existing(yield* this.#countDiag()), isSecondTry: false };
    const isTried = readFrom === 'auto' && this.#attempts.isDue(at);
    if (isTried) {
      try {
        const tallies = yield* this.#countDiag();
        this.#attempts.succeeded(at);
        return { tallies: this.#existing(tallies), isSecondTry: false };
      } catch (error) {
        this.#diag.close();
        this.#attempts.failed(at, error);
      }
    }
    return { tallies: yield* this.#procfs.count(), isSecondTry: isTried };
  }

  /** The kernel's totals of sockets, which change with almost any of them; `undefined` if it has none. */
  totals(): string | undefined {
    const { fs, host } = this.#options;
    const [ipv4, ipv6 = ''] = ['sockstat', 'sockstat6'].map((name) => readText(fs, host.net(name)));
    return ipv4 === undefined ? undefined : totalsIn(ipv4 + ipv6);
  }

  /** Includes the problem of sock_diag while procfs replaces it. */
  status(): Status {
    const { host, readFrom } = this.#options;
    const { problems } = this.#attempts;
    const isOverNetlink = readFrom === 'netlink' || (readFrom === 'auto' && problems.length === 0);
    return { reads: isOverNetlink ? ['sock_diag'] : TABLES.map((table) => host.net(table)), problems };
  }

  close(): void {
    this.#diag.close();
    this.#procfs.close();
  }

  *#countDiag(): Work<SocketTally[]> {
    const tallies = yield* this.#diag.count();
    if (this.#options.fs.isTransient === true) this.#diag.close();
    return tallies;
  }

  /** Drops the IPv6 lists on a host without IPv6: sock_diag answers for them all the same. */
  #existing(tallies: readonly SocketTally[]): SocketTally[] {
    return tallies.filter(({ sockets, table }) => {
      if (!table.endsWith('6')) return true;
      if (sockets > 0 || !this.#isMissing(table)) this.#seen.add(table);
      return this.#seen.has(table);
    });
  }

  /** Whether the host has other lists, but not this one; false if all are hidden. */
  #isMissing(table: Table): boolean {
    return this.#isAbsent(table) && !this.#isAbsent('tcp');
  }

  #isAbsent(table: Table): boolean {
    const { fs, host } = this.#options;
    try {
      fs.statSync(host.net(table));
      return false;
    } catch (error) {
      return errorCode(error) === 'ENOENT';
    }
  }
}

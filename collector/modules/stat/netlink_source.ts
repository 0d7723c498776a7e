/**
 * The statistics over netlink, as a table like that of the statistics file: for kernels that have no such file. Needs
 * CAP_NET_ADMIN.
 */

import type { Level, Log } from '../../base/log.ts';
import type { Channel } from '../../netlink/channel.ts';
import { CpuStatistics } from '../../netlink/cpu_statistics.ts';
import { Statistics } from '../../netlink/statistics.ts';
import type { Connect } from '../access.ts';
import { Attempts } from '../attempts.ts';
import type { Problem } from '../problem.ts';
import type { StatTable } from './nf_conntrack_stat.ts';

/** The counters of one CPU take some 200 bytes, and the kernel fills at most 32 KiB at once. */
const ROOM = { slots: 1, slotSize: 32 * 1024 };
/** Statistics that were there are looked for at every tick for so long, in microseconds; a module is reloaded in less. */
export const PATIENCE = 60e6;

export interface NetlinkSourceOptions {
  readonly log: Log;
  readonly connect: Connect;
  /** How severe it is that the statistics cannot be had. */
  readonly level: Level;
}

/** One reading. */
export interface NetlinkReading {
  /** Overwritten by the next reading. */
  readonly table: StatTable;
  /** Entries in the connection table. */
  readonly connections: number;
  /** Entries that the table may hold; `undefined` when there is no limit or the kernel does not tell. */
  readonly max: number | undefined;
}

export class NetlinkSource {
  readonly #connect: Connect;
  readonly #attempts: Attempts;
  #channel: Channel | undefined;
  #statistics: Statistics | undefined;
  #cpus: CpuStatistics | undefined;

  constructor({ connect, level, log }: NetlinkSourceOptions) {
    this.#connect = connect;
    this.#attempts = new Attempts({
      log,
      lost: 'the statistics cannot be read over netlink',
      back: 'the statistics can be read over netlink',
      from: 'ctnetlink',
      // That there is no connection tracking is for whoever reads from here to say.
      required: false,
      level,
      patience: PATIENCE,
    });
  }

  /** Reads at `at`, a monotonic time in microseconds. `undefined` when nothing can be had, which the log says why. */
  read(at: number): NetlinkReading | undefined {
    // Where connection tracking is not loaded nothing is asked, and it may be loaded at any moment.
    const isWaiting = this.#channel === undefined && !this.isUnloaded;
    if (isWaiting && !this.#attempts.isDue(at)) return undefined;
    try {
      this.#channel ??= this.#connect(ROOM);
      this.#statistics ??= new Statistics(this.#channel);
      this.#cpus ??= new CpuStatistics(this.#channel);
      const { entries, max } = this.#statistics.use();
      this.#cpus.read();
      this.#attempts.succeeded(at);
      return { table: this.#cpus, connections: entries, max };
    } catch (error) {
      this.close();
      this.#attempts.failed(at, error);
      return undefined;
    }
  }

  /** The problem of the last reading. */
  get problems(): readonly Problem[] {
    return this.#attempts.problems;
  }

  /** Whether nothing could be read because connection tracking is not loaded. */
  get isUnloaded(): boolean {
    return this.#attempts.problem?.code === 'tracking_not_loaded';
  }

  close(): void {
    this.#channel?.close();
    this.#channel = undefined;
    this.#statistics = undefined;
    this.#cpus = undefined;
  }
}

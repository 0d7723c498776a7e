/** Reads the statistics over netlink, for kernels without the statistics file. Needs CAP_NET_ADMIN. */

import type { Level, Log } from '../../base/log.ts';
import type { Channel } from '../../netlink/channel.ts';
import { CpuStatistics } from '../../netlink/cpu_statistics.ts';
import { Statistics } from '../../netlink/statistics.ts';
import type { Connect } from '../access.ts';
import { Attempts } from '../attempts.ts';
import type { Problem } from '../problem.ts';
import { PATIENCE, type Reading, type Source } from './source.ts';

/** One CPU takes about 200 bytes, and the kernel fills at most 32 KiB at once. */
const BUFFER = { slots: 1, slotSize: 32 * 1024 };

export interface NetlinkSourceOptions {
  readonly log: Log;
  readonly connect: Connect;
  /** The level of a problem. */
  readonly level: Level;
  /** Whether the statistics are to be read over netlink now. */
  readonly isWanted: () => boolean;
}

/** An open channel and what is read over it. */
interface Session {
  readonly channel: Channel;
  readonly statistics: Statistics;
  readonly cpus: CpuStatistics;
}

export class NetlinkSource implements Source {
  readonly target = 'ctnetlink';
  readonly #options: NetlinkSourceOptions;
  readonly #attempts: Attempts;
  #session: Session | undefined;

  constructor(options: NetlinkSourceOptions) {
    const { level, log } = options;
    this.#options = options;
    this.#attempts = new Attempts({
      log,
      from: 'ctnetlink',
      lost: 'the statistics cannot be read over netlink',
      back: 'the statistics can be read over netlink',
      // The list of sources logs that connection tracking is not loaded.
      required: false,
      level,
      patience: PATIENCE,
    });
  }

  get problem(): Problem | undefined {
    return this.#attempts.problem;
  }

  read(at: number): Reading | undefined {
    if (!this.#isDue(at)) return undefined;
    try {
      this.#session ??= this.#open();
      const { cpus, statistics } = this.#session;
      const { entries, max } = statistics.use();
      cpus.read();
      this.#attempts.succeeded(at);
      return { table: cpus, connections: entries, max, restarted: false };
    } catch (error) {
      this.close();
      this.#attempts.failed(at, error);
      return undefined;
    }
  }

  close(): void {
    this.#session?.channel.close();
    this.#session = undefined;
  }

  #isDue(at: number): boolean {
    if (!this.#options.isWanted()) return false;
    // Without connection tracking no request is sent, and it can be loaded at any moment.
    return this.#session !== undefined || this.problem?.code === 'tracking_not_loaded' || this.#attempts.isDue(at);
  }

  #open(): Session {
    const channel = this.#options.connect(BUFFER);
    return { channel, statistics: new Statistics(channel), cpus: new CpuStatistics(channel) };
  }
}

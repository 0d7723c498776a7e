/** A host whose kernel answers over netlink. */

import { ProblemError } from '../../collector/modules/problem.ts';
import type { StatSettings } from '../../collector/modules/stat/stat.ts';
import {
  type CpuCounters,
  cpuStatistics,
  done,
  type ExpectationCounters,
  expectationStatistics,
  FakeChannel,
  type Receipt,
  statistics,
} from './netlink_channel.ts';
import { RecordedHost } from './recorded_host.ts';

const UNLOADED = new ProblemError('tracking_not_loaded', 'ctnetlink');

type Counters = CpuCounters & ExpectationCounters;

interface HostOptions {
  readonly perCpu?: boolean;
  readonly readFrom?: StatSettings['read_from'];
  readonly required?: boolean;
}

/** A sign that connection tracking is loaded, but neither statistics nor settings. */
const LOADED = { '/sys/module/nf_conntrack/refcnt': '3\n' };

/** A host with connection tracking whose kernel answers over netlink, and with the given files. */
export class AnsweringHost extends RecordedHost {
  /** The channels that were opened, in order. */
  readonly channels: FakeChannel[];
  /** The reply about the use of the table. */
  use: Receipt = [statistics({ entries: 640, max: 4000 })];
  /** The counters by CPU number. */
  cpus: ReadonlyMap<number, Counters> = new Map([[0, {}]]);
  /** Thrown instead of opening a channel. */
  failure: Error | undefined;

  constructor(files: Readonly<Record<string, string>> = {}, options: HostOptions = {}) {
    const channels: FakeChannel[] = [];
    const { perCpu = false, readFrom = 'auto', required = false } = options;
    const settings = { enabled: required || 'auto', per_cpu: perCpu, read_from: readFrom } as const;
    super({ ...LOADED, ...files }, settings, { ctnetlink: () => this.#open() });
    this.channels = channels;
  }

  /** Unloads connection tracking: its files vanish and netlink fails. */
  unload(): void {
    this.volume.reset();
    this.failure = UNLOADED;
  }

  /** Loads it again, with these files. */
  load(files: Readonly<Record<string, string>> = LOADED): void {
    this.volume.fromJSON(files);
    this.failure = undefined;
  }

  #open(): FakeChannel {
    if (this.failure !== undefined) throw this.failure;
    const channel = new FakeChannel({ slots: 1, slotSize: 32 * 1024 });
    channel.replyWith('statistics', () => [this.use]);
    channel.replyWith('cpuStatistics', () => this.#answer(cpuStatistics));
    channel.replyWith('expectationStatistics', () => this.#answer(expectationStatistics));
    this.channels.push(channel);
    return channel;
  }

  #answer(describe: (cpu: number, counters: Counters) => Uint8Array): readonly Receipt[] {
    return [[[...this.cpus].map(([cpu, counters]) => describe(cpu, counters))], [done()]];
  }

  /** Sets the counters of the only CPU. */
  counts(counters: Counters): void {
    this.cpus = new Map([[0, counters]]);
  }

  /** How many requests for the use of the table were sent. */
  get timesAskedForUse(): number {
    return this.channels.reduce((sum, channel) => sum + channel.timesAsked('statistics'), 0);
  }

  /** How many requests for the counters were sent. */
  get asked(): number {
    return this.channels.reduce((sum, channel) => sum + channel.timesAsked('cpuStatistics'), 0);
  }
}

/** The numbers of its table, unless a test sets others. */
export const USE = { connections: 640, max: 4000, utilization: 16 };

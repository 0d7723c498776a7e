/**
 * Reads the statistics from the first source that works: the statistics file, netlink, or at least the number of
 * entries. Files appear and vanish with their kernel module, and can be torn. Every change is logged once.
 */

import type { Log } from '../../base/log.ts';
import type { FileSystem } from '../../procfs/file.ts';
import type { Host } from '../../procfs/host.ts';
import { type Connect, isTracking } from '../access.ts';
import type { Status } from '../module.ts';
import { type Problem, problemAt } from '../problem.ts';
import { CountSource } from './count_source.ts';
import { FileSource } from './file_source.ts';
import { NetlinkSource } from './netlink_source.ts';
import type { Reading, Source } from './source.ts';
import { type Origin, SourceLog } from './source_log.ts';

export interface SourcesOptions {
  readonly fs: FileSystem;
  readonly host: Host;
  readonly log: Log;
  /** Whether the operator requires connection tracking: its absence is then an error in the log. */
  readonly required: boolean;
  /** Where the statistics come from; `auto` is netlink if the kernel has no statistics file. */
  readonly readFrom: 'auto' | 'procfs' | 'netlink';
  readonly connect: Connect;
}

const NOTHING: Reading = { table: undefined, connections: undefined, restarted: true };

export class Sources {
  readonly #fs: FileSystem;
  readonly #host: Host;
  readonly #file: FileSource | undefined;
  readonly #count: CountSource;
  /** The best first; {@link #count} is the last. */
  readonly #sources: readonly Source[];
  readonly #log: SourceLog;
  /** Where the last reading came from. */
  #current: Source | undefined;
  #isUnloaded = false;

  constructor(options: SourcesOptions) {
    const { connect, fs, host, log, readFrom, required } = options;
    this.#fs = fs;
    this.#host = host;
    const file = readFrom === 'netlink' ? undefined : new FileSource(fs, host);
    const level = file !== undefined ? 'notice' : required ? 'error' : 'warning';
    const isWanted = (): boolean => file?.isMissing ?? true;
    const netlink = readFrom === 'procfs' ? undefined : new NetlinkSource({ connect, isWanted, level, log });
    this.#file = file;
    this.#count = new CountSource(fs, host);
    // A copy: a filtered array keeps room for 16 more, in each of many namespaces.
    this.#sources = [file, netlink, this.#count].filter((source) => source !== undefined).slice();
    this.#log = new SourceLog(log, file, this.#count, required);
  }

  /** Reads at `at`, a monotonic time in microseconds. What cannot be read is `undefined` and logged. */
  read(at: number): Reading {
    if (this.#isUnloaded) {
      if (!this.#isTracking) return NOTHING;
      this.#file?.retry();
    }
    const reading = this.#readFirst(at);
    this.#isUnloaded = this.#current === undefined && !this.#count.isElsewhere && !this.#isTracking;
    this.#log.report(this.#origin);
    if (reading.table !== undefined) return reading;
    // A torn text says nothing about the counters; a file that is gone or fails can restart from 0.
    return { ...reading, restarted: this.#file?.problem?.code !== 'malformed_file' };
  }

  /** As of the last reading. */
  status(): Status {
    const target = (this.#current ?? this.#sources[0] ?? this.#count).target;
    const origin = this.#origin;
    if (origin === 'unloaded') return { reads: [target], problems: [problemAt('tracking_not_loaded', target)] };
    if (origin === 'best' || origin === 'netlink') return { reads: [target], problems: [] };
    const loses = origin === 'count' ? 'part' : 'all';
    const problems = this.#sources
      .filter((source) => source !== this.#count)
      .flatMap(({ problem }) => (problem === undefined ? [] : [{ ...this.#specific(problem), loses } as const]));
    return { reads: [target], problems };
  }

  close(): void {
    for (const source of this.#sources) source.close();
  }

  /** Reads from the first source that works, and closes those after it. */
  #readFirst(at: number): Reading {
    const before = this.#current;
    this.#current = undefined;
    for (const [place, source] of this.#sources.entries()) {
      const reading = source.read(at);
      if (reading === undefined) continue;
      this.#current = source;
      if (source !== before) for (const other of this.#sources.slice(place + 1)) other.close();
      return reading;
    }
    return NOTHING;
  }

  get #isTracking(): boolean {
    return isTracking(this.#fs, this.#host);
  }

  get #origin(): Origin {
    if (this.#isUnloaded) return 'unloaded';
    if (this.#current === undefined) return 'none';
    if (this.#current === this.#count) return 'count';
    return this.#current === this.#sources[0] ? 'best' : 'netlink';
  }

  /** Without the host's file, the namespace is the reason why there is nothing to read. */
  #specific(problem: Problem): Problem {
    const isReason = problem.code === 'no_statistics_file' && this.#count.isElsewhere;
    return isReason ? problemAt('other_namespace', problem.target) : problem;
  }
}

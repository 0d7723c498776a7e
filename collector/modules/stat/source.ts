/**
 * Where the numbers come from: the statistics file, else netlink, else the count of entries alone. Files appear when a
 * module is loaded, vanish when it is unloaded, and can fail or be torn in between; every change of that is one line
 * in the log, and a source that was there is looked for eagerly, one that never was there seldom.
 */

import { FormatError, OperationError } from '../../base/errors.ts';
import { Condition, type Level, type Log } from '../../base/log.ts';
import { parseDecimal } from '../../procfs/decimal.ts';
import { exists, type FileSystem, KernelFile } from '../../procfs/file.ts';
import type { Host } from '../../procfs/host.ts';
import { isDue } from '../due.ts';
import type { Status } from '../module.ts';
import { messageWithFix, type Problem, problemAt } from '../problem.ts';
import { type NetlinkSource, PATIENCE } from './netlink_source.ts';
import { StatParser, type StatTable } from './nf_conntrack_stat.ts';

/** How often a missing statistics file is looked for while the count of entries is there, in microseconds. */
const LOOK_FOR_FILE = 10e6;
/**
 * How often the statistics are looked for where not even the count of entries is there, in microseconds. The count itself
 * is looked for at every update: it comes when connection tracking is loaded.
 */
const LOOK_FOR_TRACKING = 60e6;

export interface SourceOptions {
  readonly fs: FileSystem;
  readonly host: Host;
  readonly log: Log;
  /** Whether connection tracking is expected to be there: its absence is then an error, else a notice. */
  readonly required: boolean;
  /** Whether the statistics file is read; otherwise the statistics come over netlink alone. */
  readonly readsFile: boolean;
  /** Asked where there is no statistics file. */
  readonly netlink: NetlinkSource | undefined;
}

/** What one reading brought. */
export interface Reading {
  /** The statistics; overwritten by the next reading. */
  readonly table: StatTable | undefined;
  /** Entries in the connection table. */
  readonly connections: number | undefined;
  /** Entries that the table may hold, where the source tells it. */
  readonly max?: number | undefined;
  /** Whether the counters may have started again from 0 since the previous reading. */
  readonly restarted: boolean;
}

const NOTHING: Reading = { table: undefined, connections: undefined, restarted: true };

/** The count of entries, or why there is none: it is another namespace's, or the file could not be read. */
type Count = number | 'elsewhere' | 'missing' | 'unreadable';

const CTNETLINK = 'ctnetlink';

/** Why the statistics file could not be used. */
interface Failure {
  readonly kind: 'missing' | 'unreadable' | 'malformed';
  /** Equal for as long as nothing changes. */
  readonly state: string;
  readonly error: string;
}

export class Source {
  readonly #options: SourceOptions;
  readonly #file: KernelFile;
  readonly #count: KernelFile;
  readonly #parser = new StatParser();
  readonly #state: Condition;
  /** Whether there was no statistics file when it was last looked for. */
  #isFileMissing = true;
  #hadFile = false;
  /** Where the numbers came from last; `count` is the count of entries, whether it could be read or not. */
  #origin: 'file' | 'netlink' | 'count' | undefined;
  /** Why not from the statistics file, as of the last look at it, and what the count was. */
  #missed: { failure: Failure | undefined; count: Count } = { failure: undefined, count: 'missing' };
  /** When there were statistics last, from wherever. */
  #lastRead = Number.NEGATIVE_INFINITY;
  #nextLookForFile = Number.NEGATIVE_INFINITY;
  #nextLook = Number.NEGATIVE_INFINITY;

  constructor(options: SourceOptions) {
    const { fs, host, log } = options;
    this.#options = options;
    this.#file = new KernelFile(fs, () => host.net('stat/nf_conntrack'));
    this.#count = new KernelFile(fs, () => host.netfilter('nf_conntrack_count'), 32);
    this.#state = new Condition(log);
  }

  /**
   * Reads what there is at `at`, a monotonic time in microseconds. Never throws: what cannot be had is `undefined`,
   * and said in the log.
   */
  read(at: number): Reading {
    if (!this.#looks(at)) return NOTHING;
    const looksForFile = this.#options.readsFile && isDue(at, this.#nextLookForFile);
    const failure = looksForFile ? this.#readFile() : undefined;
    if (looksForFile && failure === undefined) {
      this.#lastRead = at;
      this.#hadFile = true;
      this.#origin = 'file';
      this.#options.netlink?.close();
      this.#state.works('the statistics can be read', { path: this.#file.path });
      const connections = this.#parser.cells[this.#parser.names.indexOf('entries')];
      return { table: this.#parser, connections, restarted: this.#file.restarted };
    }

    if (failure !== undefined) this.#isFileMissing = failure.kind === 'missing';
    const overNetlink = this.#isFileMissing ? this.#readNetlink(at) : undefined;
    if (overNetlink !== undefined) return overNetlink;

    const count = this.#readCount();
    this.#origin = 'count';
    this.#missed.failure = failure ?? this.#missed.failure;
    this.#missed.count = count;
    const connections = typeof count === 'number' ? count : undefined;
    if (failure !== undefined) {
      this.#report(failure, count);
      this.#plan(at, failure, connections !== undefined);
    } else if (!this.#options.readsFile && count === 'missing' && this.#isUnloaded) {
      this.#reportNoTracking();
      this.#nextLook = at - this.#lastRead < PATIENCE ? at : at + LOOK_FOR_TRACKING;
    }
    // A torn text says nothing of the counters; a file that is gone or fails may count from 0 when it is back.
    return { table: undefined, connections, restarted: failure?.kind !== 'malformed' };
  }

  /** Where the numbers came from, and what was in the way of the statistics, when they were read last. */
  status(): Status {
    const { netlink, readsFile } = this.#options;
    const target = readsFile ? this.#file.path : CTNETLINK;
    if (this.#origin !== 'count') return { reads: [this.#origin === 'netlink' ? CTNETLINK : target], problems: [] };
    const { count, failure } = this.#missed;
    if (count === 'missing' && (failure === undefined || failure.kind === 'missing') && this.#isUnloaded) {
      return { reads: [target], problems: [problemAt('tracking_not_loaded', target)] };
    }
    const loses: Problem['loses'] = typeof count === 'number' ? 'part' : 'all';
    return {
      reads: [typeof count === 'number' ? this.#count.path : target],
      problems: [
        ...(failure === undefined ? [] : [problemOf(failure, count, target, loses)]),
        ...(netlink?.problems ?? []).map((problem) => ({ ...problem, loses })),
      ],
    };
  }

  close(): void {
    this.#file.close();
    this.#count.close();
    this.#options.netlink?.close();
  }

  #readNetlink(at: number): Reading | undefined {
    const { netlink, readsFile } = this.#options;
    const reading = netlink?.read(at);
    if (reading === undefined) return undefined;
    this.#lastRead = at;
    this.#origin = 'netlink';
    if (readsFile) {
      if (isDue(at, this.#nextLookForFile)) this.#nextLookForFile = at + LOOK_FOR_FILE;
      this.#state.enter('netlink', 'info', 'the kernel has no statistics file: the statistics are read over netlink');
    } else {
      this.#state.works('the statistics can be read');
    }
    return { ...reading, restarted: false };
  }

  #readFile(): Failure | undefined {
    try {
      this.#parser.parse(this.#file.read());
      return undefined;
    } catch (error) {
      if (error instanceof FormatError) return { kind: 'malformed', state: 'malformed', error: error.message };
      if (!(error instanceof OperationError)) throw error;
      const isMissing = error.code === 'ENOENT' || error.code === 'ENOTDIR';
      return { kind: isMissing ? 'missing' : 'unreadable', state: error.code ?? 'unreadable', error: error.message };
    }
  }

  #readCount(): Count {
    if (this.#options.host.elsewhere) return 'elsewhere';
    try {
      return parseDecimal(this.#count.read());
    } catch (error) {
      const isMissing = error instanceof OperationError && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
      return isMissing ? 'missing' : 'unreadable';
    }
  }

  #looks(at: number): boolean {
    if (isDue(at, this.#nextLook)) return true;
    return this.#missed.count === 'missing' && exists(this.#options.fs, this.#count.path);
  }

  #plan(at: number, failure: Failure, hasCount: boolean): void {
    const isPatient = failure.kind === 'malformed' || at - this.#lastRead < PATIENCE;
    this.#nextLookForFile = isPatient ? at : at + LOOK_FOR_FILE;
    this.#nextLook = isPatient || hasCount ? at : at + LOOK_FOR_TRACKING;
  }

  #report(failure: Failure, count: Count): void {
    const state = `${failure.state} ${typeof count === 'number' ? 'count' : count}`;
    const fields = { path: this.#file.path, error: failure.error };
    const lost = typeof count === 'number' ? 'there are no rates, only the use of the table' : 'nothing is drawn';
    if (failure.kind !== 'missing') {
      this.#state.enter(state, 'warning', `the statistics cannot be used: ${lost}`, fields);
    } else if (count === 'missing' && this.#isUnloaded) {
      this.#reportNoTracking();
    } else if (count === 'elsewhere') {
      const message =
        "the host's statistics file is missing, and its count of entries cannot be read from another " +
        'network namespace: nothing is drawn. Run the agent in the network namespace of the host';
      this.#state.enter(state, this.#absence, message, { path: fields.path });
    } else if (this.#hadFile) {
      this.#state.enter(state, 'warning', `the statistics file is gone: ${lost}`, fields);
    } else {
      const why = 'it may be built without CONFIG_NF_CONNTRACK_PROCFS';
      this.#state.enter(state, 'notice', `the kernel has no statistics file (${why}): ${lost}`, { path: fields.path });
    }
  }

  /** Whether connection tracking is not loaded, once neither its file nor the count of its entries is there. */
  get #isUnloaded(): boolean {
    return this.#options.netlink?.isUnloaded ?? true;
  }

  #reportNoTracking(): void {
    const message = messageWithFix(problemAt('tracking_not_loaded', this.#file.path));
    this.#state.enter('tracking_not_loaded', this.#absence, message, {
      code: 'tracking_not_loaded',
      path: this.#file.path,
      count: this.#count.path,
    });
  }

  get #absence(): Level {
    return this.#options.required ? 'error' : 'notice';
  }
}

function problemOf({ error, kind, state }: Failure, count: Count, target: string, loses: Problem['loses']): Problem {
  if (kind === 'malformed') return problemAt('malformed_file', target, error, loses);
  if (kind === 'unreadable') {
    return problemAt(state === 'EACCES' || state === 'EPERM' ? 'file_denied' : 'system_error', target, error, loses);
  }
  return problemAt(count === 'elsewhere' ? 'other_namespace' : 'no_statistics_file', target, '', loses);
}

/**
 * Network namespaces that processes are in. They need no privilege: the inode of `/proc/PID/net/dev` is the same for all
 * processes in a namespace and different in another one, and everybody may see it.
 *
 * Looking at every process at every scan would cost too much on a host with many. A new process is looked at in the scan
 * that finds it and in the next one, since it may enter its namespace right after its start. After that it is looked at
 * in every sixth scan. The oldest process of each namespace is verified in every scan. Threads that are in another
 * namespace than their process are not seen.
 */

import type { Work } from '../modules/slices.ts';
import { KernelFile } from '../procfs/file.ts';
import type { Host } from '../procfs/host.ts';
import { parseProcessStat } from '../procfs/process.ts';
import { inodeOf, type NamespaceFileSystem } from './file_system.ts';
import type { Anchor } from './namespace.ts';

/** Every process is looked at once in so many scans: once a minute if one starts every ten seconds. */
const ROUND = 6;
/**
 * Most known processes, and most new ones, that one scan looks at, about 10 µs each. With more processes than {@link ROUND}
 * times as many, a round takes more scans; more new processes wait for the next scan. Only the first scan looks at all, and
 * so the second one again.
 */
const MOST = 4000;

const PID = /^\d+$/;

/** The processes of one namespace. */
export class Group {
  /** Inode of `/proc/PID/net/dev` in the namespace. */
  readonly inode: number;
  /** When each process started, in clock ticks since boot. */
  readonly members = new Map<number, number>();
  /** The oldest process. */
  anchor: Anchor;

  constructor(anchor: Anchor) {
    this.inode = anchor.inode;
    this.anchor = anchor;
  }

  /** Chooses the oldest process; `false` if there is none. */
  chooseAnchor(): boolean {
    let oldest: Anchor | undefined;
    for (const [pid, started] of this.members) {
      if (oldest === undefined || isOlder(pid, started, oldest)) oldest = { pid, started, inode: this.inode };
    }
    if (oldest === undefined) return false;
    if (oldest.pid !== this.anchor.pid || oldest.started !== this.anchor.started) this.anchor = oldest;
    return true;
  }
}

export class Processes {
  readonly #fs: NamespaceFileSystem;
  readonly #host: Host;
  readonly #stat: KernelFile;
  readonly #groups = new Map<number, Group>();
  readonly #groupOf = new Map<number, Group>();
  /** Processes that were looked at, ascending. */
  #known = new Uint32Array();
  /** Those that were looked at only once, ascending. */
  #recent = new Uint32Array();
  /** Those that were found to have left their group in this scan. */
  readonly #left = new Set<number>();
  #scans = 0;
  /** Inode of the namespace that the host's charts show. */
  #own: number | undefined;
  /** The process that is being looked at. */
  #pid = 0;

  constructor(fs: NamespaceFileSystem, host: Host) {
    this.#fs = fs;
    this.#host = host;
    this.#stat = new KernelFile(fs, () => this.#path('stat'), 1024);
  }

  /**
   * Groups the processes by namespace, without the one that the host's charts show. A group is the same object as in the
   * last scan if one of its processes is known to have stayed in it. So it is the same namespace, whereas the kernel
   * reuses the inode of one that is gone.
   *
   * @returns nothing if the host's own namespace cannot be distinguished from others.
   */
  *scan(): Work<readonly Group[]> {
    this.#own = inodeOf(this.#fs, this.#host.net('dev'));
    const present = this.#own === undefined ? new Uint32Array() : this.#list();
    yield* this.#verify(present);
    yield* this.#lookAround(present);
    this.#scans += 1;
    const groups = [...this.#groups.values()];
    for (const group of groups) group.chooseAnchor();
    return groups;
  }

  /** All processes, ascending. */
  #list(): Uint32Array {
    return Uint32Array.from(
      this.#fs.readdirSync(this.#host.path('/proc')).filter((name) => PID.test(name)),
      Number,
    ).sort();
  }

  /** Removes ended processes, then every oldest process that is not in its group any more, and empty groups. */
  *#verify(present: Uint32Array): Work<void> {
    for (const [pid, group] of this.#groupOf) {
      if (!includes(present, pid)) this.#remove(pid, group);
    }
    for (const group of this.#groups.values()) {
      while (group.chooseAnchor() && !this.#isStillIn(group)) yield;
      yield;
    }
  }

  #isStillIn(group: Group): boolean {
    const { pid, started } = group.anchor;
    this.#pid = pid;
    if (this.#inode() === group.inode && this.#started() === started) return true;
    this.#remove(pid, group);
    this.#left.add(pid);
    return false;
  }

  /** Looks at new processes, at recent ones and those that left their group again, and at a part of the others. */
  *#lookAround(present: Uint32Array): Work<void> {
    const round = Math.max(ROUND, Math.ceil(present.length / MOST));
    const turn = this.#scans % round;
    let left = this.#scans === 0 ? Number.POSITIVE_INFINITY : MOST;
    const recent: number[] = [];
    const known = present.filter((pid) => includes(this.#known, pid) || left-- > 0);
    for (const pid of known) {
      const isNew = !includes(this.#known, pid);
      if (isNew) recent.push(pid);
      if (!isNew && pid % round !== turn && !includes(this.#recent, pid) && !this.#left.has(pid)) continue;
      this.#look(pid);
      yield;
    }
    this.#left.clear();
    this.#known = known;
    this.#recent = Uint32Array.from(recent);
  }

  #look(pid: number): void {
    this.#pid = pid;
    const inode = this.#inode();
    const started = inode === undefined || inode === this.#own ? undefined : this.#started();
    const before = this.#groupOf.get(pid);
    if (before !== undefined && (before.inode !== inode || before.members.get(pid) !== started)) {
      this.#remove(pid, before);
    }
    if (inode !== undefined && started !== undefined) this.#add({ pid, started, inode });
  }

  #add(process: Anchor): void {
    const group = this.#groups.get(process.inode) ?? new Group(process);
    group.members.set(process.pid, process.started);
    this.#groups.set(process.inode, group);
    this.#groupOf.set(process.pid, group);
  }

  #remove(pid: number, group: Group): void {
    group.members.delete(pid);
    this.#groupOf.delete(pid);
    if (group.members.size === 0 && this.#groups.get(group.inode) === group) this.#groups.delete(group.inode);
  }

  #inode(): number | undefined {
    return inodeOf(this.#fs, this.#path('net/dev'));
  }

  /** Clock ticks since boot; `undefined` if the process is gone. */
  #started(): number | undefined {
    try {
      return parseProcessStat(this.#stat.read().toString('latin1'))?.started;
    } catch {
      return undefined;
    } finally {
      this.#stat.close();
    }
  }

  #path(name: string): string {
    return this.#host.path(`/proc/${this.#pid}/${name}`);
  }
}

function isOlder(pid: number, started: number, other: Anchor): boolean {
  return started < other.started || (started === other.started && pid < other.pid);
}

/** Whether an ascending list includes a number. */
function includes(list: Uint32Array, wanted: number): boolean {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return list[low] === wanted;
}

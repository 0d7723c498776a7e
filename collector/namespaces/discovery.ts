/**
 * Finds the network namespaces of the host: those that are bound to a path, and those that processes are in.
 *
 * Nothing that is visible to everybody connects the two. Without a mapping (through the namespace, which needs a
 * capability, or by an id that the kernel gave the namespace), a bound namespace has no process through which it could be
 * read. Its processes are then reported as a separate namespace, named after their control group. Once a mapping is
 * found, the namespace is reported once, under the name of its path.
 */

import type { Work } from '../modules/slices.ts';
import { readText } from '../procfs/file.ts';
import type { Host } from '../procfs/host.ts';
import { type Origin, parseCgroup } from './cgroup.ts';
import { inodeOf, type NamespaceFileSystem } from './file_system.ts';
import { identityAt } from './identity.ts';
import type { Mapping } from './mapping.ts';
import { type Hidden, Mounts } from './mounts.ts';
import type { Anchor, Bound, Namespace } from './namespace.ts';
import { Names } from './naming.ts';
import { type Group, Processes } from './processes.ts';

export interface DiscoveryOptions {
  readonly fs: NamespaceFileSystem;
  readonly host: Host;
  /** Asked in this order. */
  readonly mappings: readonly Mapping[];
}

/** The namespaces of the host, without the one that the host's charts show. */
export interface Discovered {
  /** Each namespace once: first those with a path, in the order of their mounts, then the others, the oldest first. */
  readonly namespaces: readonly Namespace[];
  /**
   * Bound namespaces whose files this process cannot see, such as Docker's without root. Processes in them, if any, are
   * among {@link namespaces}: which ones is unknown.
   */
  readonly hidden: readonly Hidden[];
}

/** Scans after which a mapping that was not found is looked for again, if no namespace has appeared before. */
const PATIENCE = 6;

/** A namespace without its name. */
interface Found {
  readonly bound: Bound | undefined;
  /** The number of a bound namespace. */
  readonly number: number;
  readonly group: Group | undefined;
}

export class Discovery {
  readonly #fs: NamespaceFileSystem;
  readonly #host: Host;
  readonly #mappings: readonly Mapping[];
  readonly #mounts: Mounts;
  readonly #processes: Processes;
  readonly #names = new Names();
  /** The origin of each group, and whether the scan after the group's first has confirmed it. */
  readonly #origins = new WeakMap<Group, { readonly origin: Origin; readonly isConfirmed: boolean }>();
  /** The inode of `net/dev` in bound namespaces by identity: a namespace keeps it as long as it exists. */
  #inodes = new Map<string, number>();
  /** The scan in which the mapping of a bound namespace was looked for in vain, by identity. */
  #missed = new Map<string, number>();
  /** The groups of the last scan. */
  #groups: ReadonlySet<Group> = new Set();
  #scans = 0;

  constructor({ fs, host, mappings }: DiscoveryOptions) {
    this.#fs = fs;
    this.#host = host;
    this.#mappings = mappings;
    this.#mounts = new Mounts(fs, host);
    this.#processes = new Processes(fs, host);
  }

  /** Looks for namespaces again. Calls must not overlap. */
  *find(): Work<Discovered> {
    this.#scans += 1;
    const own = this.#ownNumber();
    const sights = (yield* this.#mounts.scan()).filter(({ number }) => number !== own);
    const groups = yield* this.#processes.scan();
    const found = yield* this.#join(
      sights.flatMap((sight) => ('bound' in sight ? [sight] : [])),
      groups,
    );
    const namespaces = yield* this.#name(found);
    return { namespaces, hidden: sights.flatMap((sight) => ('hidden' in sight ? [sight.hidden] : [])) };
  }

  /** The number of the namespace that the host's charts show; `undefined` if that cannot be seen. */
  #ownNumber(): number | undefined {
    return inodeOf(this.#fs, this.#host.isHere ? '/proc/self/ns/net' : this.#host.path('/proc/1/ns/net'));
  }

  /** Connects bound namespaces with the processes in them. */
  *#join(
    bounds: readonly { readonly number: number; readonly bound: Bound }[],
    groups: readonly Group[],
  ): Work<Found[]> {
    const own = inodeOf(this.#fs, this.#host.net('dev'));
    const left = new Map(groups.map((group) => [group.inode, group]));
    const anchors = groups.map(({ anchor }) => anchor);
    const isChanged = groups.some((group) => !this.#groups.has(group));
    this.#groups = new Set(groups);
    this.#forget(new Set(bounds.map(({ bound }) => bound.identity)));
    const found: Found[] = [];
    for (const { bound, number } of bounds) {
      const inode = this.#inodeIn(bound, anchors, isChanged);
      yield;
      if (inode !== undefined && inode === own) continue;
      found.push({ bound, number, group: inode === undefined ? undefined : left.get(inode) });
      if (inode !== undefined) left.delete(inode);
    }
    const unbound = [...left.values()].sort(({ anchor: a }, { anchor: b }) => a.started - b.started || a.pid - b.pid);
    for (const group of unbound) found.push({ bound: undefined, number: 0, group });
    return found;
  }

  #forget(existing: ReadonlySet<string>): void {
    this.#inodes = new Map([...this.#inodes].filter(([identity]) => existing.has(identity)));
    this.#missed = new Map([...this.#missed].filter(([identity]) => existing.has(identity)));
  }

  /** The inode of `net/dev` in a bound namespace; `undefined` if no mapping finds it. */
  #inodeIn({ identity, path }: Bound, anchors: readonly Anchor[], isChanged: boolean): number | undefined {
    const known = this.#inodes.get(identity);
    if (known !== undefined) return known;
    const missed = this.#missed.get(identity);
    if (missed !== undefined && !isChanged && this.#scans - missed < PATIENCE) return undefined;
    for (const mapping of this.#mappings) {
      const inode = mapping.inodeOf(path, anchors);
      // The path may have been bound to another namespace meanwhile.
      if (inode === undefined || !this.#isStill(identity, path)) continue;
      this.#inodes.set(identity, inode);
      return inode;
    }
    this.#missed.set(identity, this.#scans);
    return undefined;
  }

  #isStill(identity: string, path: string): boolean {
    try {
      return identityAt(this.#fs, path) === identity;
    } catch {
      return false;
    }
  }

  *#name(found: readonly Found[]): Work<readonly Namespace[]> {
    const origins: (Origin | undefined)[] = [];
    for (const { group } of found) {
      origins.push(group === undefined ? undefined : this.#originOf(group));
      yield;
    }
    const names = this.#names.assign(
      found.map(({ bound, group, number }, index) => {
        if (bound !== undefined) {
          return { key: bound.identity, name: lastComponent(bound.path), origin: bound.path, suffix: number };
        }
        const { name = '', source = '' } = origins[index] ?? {};
        return { key: group ?? source, name, origin: source, suffix: group?.anchor.pid ?? 0 };
      }),
    );
    return found.map(({ bound, group }, index) => {
      const name = names[index] ?? '';
      const { container, pod } = origins[index] ?? {};
      const labels = { netns: name, ...(container !== undefined && { container }), ...(pod !== undefined && { pod }) };
      return { name, labels, bound, anchor: group?.anchor };
    });
  }

  /** Looks twice: a process may be moved to its control group only after it has entered its namespace. */
  #originOf(group: Group): Origin {
    const known = this.#origins.get(group);
    if (known?.isConfirmed === true) return known.origin;
    const origin = this.#read(group.anchor);
    this.#origins.set(group, { origin, isConfirmed: known !== undefined });
    return origin;
  }

  #read({ pid, started }: Anchor): Origin {
    const text = readText(this.#fs, this.#host.path(`/proc/${pid}/cgroup`));
    const name = `pid-${pid}`;
    return (text === undefined ? undefined : parseCgroup(text)) ?? { name, source: `${name}-${started}` };
  }
}

function lastComponent(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/**
 * Network namespaces that are bound to a path, from the list of mounts.
 * Source: `/proc/PID/mountinfo` in proc(5); nsfs_show_path in the kernel's fs/nsfs.c.
 */

import { describe, errorCode } from '../base/errors.ts';
import type { Work } from '../modules/slices.ts';
import { readText } from '../procfs/file.ts';
import type { Host } from '../procfs/host.ts';
import type { NamespaceFileSystem } from './file_system.ts';
import { identityOf } from './identity.ts';
import type { Bound } from './namespace.ts';

/** A namespace that is mounted. */
export interface Mounted {
  /** The number of the namespace, as in `net:[4026532281]`: the inode of the bound file. */
  readonly number: number;
  /** Its paths, the shortest first; equally long ones in the order of their mounts. */
  readonly paths: readonly string[];
}

/** A bound namespace of which this process sees the mount but not the file. */
export interface Hidden {
  readonly path: string;
  /** Why the file cannot be seen, such as `EACCES: permission denied, stat '/run/docker/netns/1a2b'`. */
  readonly error: string;
}

/** A bound namespace and its number; of those that are hidden, why. */
export type Sight = { readonly number: number } & ({ readonly bound: Bound } | { readonly hidden: Hidden });

/** ID, parent, device, root, mount point, options, any number of optional fields, a separator, the file system. */
const NET_NAMESPACE = /^\d+ \d+ \d+:\d+ net:\[(\d+)\] (\S+) \S+ (?:\S+ )*?- nsfs /gm;
/** Blanks, tabs, newlines and backslashes in a path. */
const ESCAPED = /\\([0-7]{3})/g;

/** The network namespaces in the text of `mountinfo`. */
export function parseMounts(text: string): readonly Mounted[] {
  const found = new Map<number, string[]>();
  for (const [, number, escaped = ''] of text.matchAll(NET_NAMESPACE)) {
    const path = escaped.replace(ESCAPED, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    const paths = found.get(Number(number));
    if (paths === undefined) found.set(Number(number), [path]);
    else if (!paths.includes(path)) paths.push(path);
  }
  return [...found].map(([number, paths]) => ({ number, paths: paths.sort((a, b) => a.length - b.length) }));
}

export class Mounts {
  readonly #fs: NamespaceFileSystem;
  readonly #host: Host;
  /** Whether the mounts are those of the host, and this process has other ones. */
  readonly #isElsewhere: boolean;
  /** The path of each namespace in the last scan, by number: it is kept while the namespace is still bound there. */
  #paths = new Map<number, string>();

  constructor(fs: NamespaceFileSystem, host: Host) {
    this.#fs = fs;
    this.#host = host;
    this.#isElsewhere = host.path('') !== '';
  }

  /** Looks at every bound namespace, in the order of their mounts. */
  *scan(): Work<readonly Sight[]> {
    const sights: Sight[] = [];
    const paths = new Map<number, string>();
    for (const mounted of parseMounts(this.#read())) {
      const sight = this.#look(mounted);
      if (sight !== undefined) sights.push(sight);
      if (sight !== undefined && 'bound' in sight) paths.set(mounted.number, sight.bound.path);
      yield;
    }
    this.#paths = paths;
    return sights;
  }

  #read(): string {
    return readText(this.#fs, this.#host.path(this.#isElsewhere ? '/proc/1/mountinfo' : '/proc/self/mountinfo')) ?? '';
  }

  /** The namespace by the first path that leads to it; `undefined` if it is gone. */
  #look({ number, paths }: Mounted): Sight | undefined {
    let hidden: Hidden | undefined;
    for (const path of this.#ordered(
      number,
      paths.map((one) => this.#host.path(one)),
    )) {
      try {
        const status = this.#fs.statSync(path, { bigint: true });
        if (status.ino === BigInt(number)) return { number, bound: { path, identity: identityOf(status) } };
        hidden ??= { path, error: `another file covers ${path}` };
      } catch (error) {
        if (this.#isElsewhere || errorCode(error) !== 'ENOENT') hidden ??= { path, error: describe(error) };
      }
    }
    return hidden && { number, hidden };
  }

  #ordered(number: number, paths: readonly string[]): readonly string[] {
    const last = this.#paths.get(number);
    return last !== undefined && paths.includes(last) ? [last, ...paths] : paths;
  }
}

/** Reads each network namespace once, as the plugin does. */

import { type Problem, problemErrorOf } from '../modules/problem.ts';
import type { Work } from '../modules/slices.ts';
import { STATISTICS, StatParser } from '../modules/stat/nf_conntrack_stat.ts';
import type { Discovered } from '../namespaces/discovery.ts';
import type { Entrance, Namespace } from '../namespaces/namespace.ts';
import { type FileSystem, KernelFile } from '../procfs/file.ts';

/** The other network namespaces of the host. */
export interface NamespaceSource {
  find(): Work<Discovered>;
  /** Throws as {@link Entrance}. */
  enter(namespace: Namespace): Entrance;
}

/** A namespace, and what came of reading it. */
export interface Looked {
  readonly namespace: Namespace;
  /** What it is read through, as {@link Entrance.via}; `undefined` if there is no way in. */
  readonly via: string | undefined;
  /** Connections in its table; `undefined` if that cannot be read. */
  readonly entries: number | undefined;
  /** Why it cannot be read. */
  readonly problem: Problem | undefined;
  /** Why no socket can be opened inside, for those that were tried. */
  readonly closed: Problem | undefined;
}

/** What there is besides the host's own namespace, as far as this user can see. */
export interface Sight {
  readonly looked: readonly Looked[];
  readonly hidden: Discovered['hidden'];
}

/**
 * Finds and reads all namespaces; those that are gone meanwhile are left out.
 *
 * @param isEntered of those in which sockets are needed.
 */
export function lookInside(fs: FileSystem, access: NamespaceSource, isEntered: (name: string) => boolean): Sight {
  const { hidden, namespaces } = finish(access.find());
  const parser = new StatParser();
  const looked = namespaces.map((namespace) => look(fs, access, namespace, parser, isEntered(namespace.name)));
  return { looked: looked.filter(({ problem }) => problem?.code !== 'namespace_gone'), hidden };
}

function finish<T>(work: Work<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

function look(
  fs: FileSystem,
  access: NamespaceSource,
  namespace: Namespace,
  parser: StatParser,
  isEntered: boolean,
): Looked {
  let entrance: Entrance;
  try {
    entrance = access.enter(namespace);
  } catch (error) {
    const problem = problemOf(error, namespace);
    return { namespace, via: undefined, entries: undefined, problem, closed: undefined };
  }
  const { via } = entrance;
  try {
    const closed = isEntered ? refusalOf(entrance, namespace) : undefined;
    return { namespace, via, closed, entries: read(fs, entrance, parser), problem: undefined };
  } catch (error) {
    return { namespace, via, entries: undefined, problem: problemOf(error, namespace), closed: undefined };
  } finally {
    entrance.close();
  }
}

function read(fs: FileSystem, entrance: Entrance, parser: StatParser): number | undefined {
  const inside: FileSystem = { ...fs, isTransient: true, openSync: () => entrance.open(STATISTICS) };
  parser.parse(new KernelFile(inside, () => `${entrance.directory}/${STATISTICS}`).read());
  return parser.entries;
}

function refusalOf(entrance: Entrance, namespace: Namespace): Problem | undefined {
  try {
    entrance.inside(() => undefined);
    return undefined;
  } catch (error) {
    return problemOf(error, namespace);
  }
}

function problemOf(error: unknown, { name }: Namespace): Problem {
  return problemErrorOf(error, 'procfs', name).problem;
}

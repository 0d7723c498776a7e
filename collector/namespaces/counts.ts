/**
 * How much each network namespace tracks, from its statistics file: a look that is cheap enough to be taken at many
 * namespaces again and again. Connection tracking is active if the table has entries, or a counter moved since the last
 * look.
 */

import { errorCode, FormatError } from '../base/errors.ts';
import { ProblemError } from '../modules/problem.ts';
import type { Work } from '../modules/slices.ts';
import { STATISTICS, StatParser } from '../modules/stat/nf_conntrack_stat.ts';
import { type FileSystem, FileText } from '../procfs/file.ts';
import type { Entrance, Namespace } from './namespace.ts';

/** A namespace, and what was seen of its connection tracking. */
export interface Count {
  readonly namespace: Namespace;
  /** Connections in its table; `undefined` if that cannot be read. */
  readonly entries: number | undefined;
  /** Monotonic time in microseconds of the last look that found it active; `undefined` if none did. */
  readonly activeAt: number | undefined;
}

/** A way into a namespace for one look. */
export type Glance = Pick<Entrance, 'open' | 'close'>;

export interface CountsOptions {
  readonly fs: Pick<FileSystem, 'readSync' | 'closeSync'>;
  /** The way in, which is then closed. Throws like the methods of an {@link Entrance}. */
  readonly enter: (namespace: Namespace) => Glance;
  /** Whether connection tracking is loaded: otherwise no namespace has a statistics file, and none has entries. */
  readonly isTracking: () => boolean;
}

/** What the next look is compared with. */
interface Seen {
  key: string;
  /** Sum of all counters; `undefined` if they could not be read. */
  sum: number | undefined;
  activeAt: number | undefined;
  /** Number of the last round of looks that found the namespace. */
  round: number;
}

/** What one look sees of a namespace. */
interface Reading {
  readonly entries: number | 'gone' | undefined;
  /** Sum of all counters, if there are any. */
  readonly sum: number | undefined;
}

/** Bytes of the statistics of 16 CPUs; more are read with more calls. */
const SIZE = 4096;

export class Counts {
  readonly #options: CountsOptions;
  readonly #parser = new StatParser();
  readonly #seen = new Map<string, Seen>();
  readonly #text = new FileText(SIZE);
  #round = 0;
  /** As of the beginning of the round. */
  #isTracking = true;

  constructor(options: CountsOptions) {
    this.#options = options;
  }

  /**
   * Looks at each namespace. Those that are gone by now are left out.
   *
   * @param at monotonic time in microseconds.
   */
  *look(at: number, namespaces: readonly Namespace[]): Work<readonly Count[]> {
    const round = ++this.#round;
    this.#isTracking = this.#options.isTracking();
    const counts: Count[] = [];
    for (const namespace of namespaces) {
      const count = this.#count(at, namespace);
      if (count !== undefined) counts.push(count);
      yield;
    }
    for (const [name, seen] of this.#seen) if (seen.round !== round) this.#seen.delete(name);
    return counts;
  }

  #count(at: number, namespace: Namespace): Count | undefined {
    const seen = this.#recall(namespace);
    const { entries, sum } = this.#reading(namespace) ?? {};
    if (entries === 'gone') return undefined;
    seen.round = this.#round;
    const hasMoved = seen.sum !== undefined && sum !== undefined && seen.sum !== sum;
    seen.sum = sum;
    if (hasMoved || (entries !== undefined && entries > 0)) seen.activeAt = at;
    return { namespace, entries, activeAt: seen.activeAt };
  }

  /** What was seen of this very namespace: another one can have had its name. */
  #recall(namespace: Namespace): Seen {
    const { name } = namespace;
    const key = keyOf(namespace);
    const known = this.#seen.get(name);
    if (known?.key === key) return known;
    const seen: Seen = { key, sum: undefined, activeAt: undefined, round: 0 };
    this.#seen.set(name, seen);
    return seen;
  }

  /** Reads the statistics of a namespace; `undefined` if that is impossible. */
  #reading(namespace: Namespace): Reading | undefined {
    const parser = this.#parser;
    try {
      parser.parse(this.#read(namespace));
    } catch (error) {
      if (error instanceof ProblemError) {
        return error.problem.code === 'namespace_gone' ? { entries: 'gone', sum: undefined } : undefined;
      }
      const code = errorCode(error);
      if (code === 'ENOENT' && !this.#isTracking) return { entries: 0, sum: undefined };
      if (error instanceof FormatError || code !== undefined) return undefined;
      throw error;
    }
    return { entries: parser.entries, sum: this.#sum() };
  }

  #read(namespace: Namespace): Buffer {
    const { enter, fs } = this.#options;
    const entrance = enter(namespace);
    try {
      const descriptor = entrance.open(STATISTICS);
      try {
        return this.#text.read(fs, descriptor);
      } finally {
        fs.closeSync(descriptor);
      }
    } finally {
      entrance.close();
    }
  }

  /** The sum of all counters of the last reading. Every row repeats the number of entries, which is no counter. */
  #sum(): number {
    const { cells, columns, names, rows } = this.#parser;
    const entries = names.indexOf('entries');
    let sum = 0;
    for (let cell = 0; cell < rows * columns; cell++) if (cell % columns !== entries) sum += cells[cell] ?? 0;
    return sum;
  }
}

/** Distinguishes a namespace from a later one of the same name. */
export function keyOf({ anchor, bound }: Namespace): string {
  return bound?.identity ?? `${anchor?.pid} ${anchor?.started}`;
}

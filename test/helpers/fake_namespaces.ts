/** Network namespaces whose statistics files a test writes. */

import { Volume } from 'memfs';

import type { NamespaceFiles, NamespaceSources } from '../../collector/functions/sources.ts';
import type { ProblemError } from '../../collector/modules/problem.ts';
import type { Work } from '../../collector/modules/slices.ts';
import type { Discovered } from '../../collector/namespaces/discovery.ts';
import type { Namespace } from '../../collector/namespaces/namespace.ts';
import { Host } from '../../collector/procfs/host.ts';
import { NAMES, statRow, statText } from './stat_text.ts';

type Values = Readonly<Record<string, number>>;

/** A namespace that is bound to a path, or else that only processes are in. */
export function namespaceNamed(name: string, changes: Partial<Namespace> = {}): Namespace {
  const bound = { path: `/run/netns/${name}`, identity: `7-${name}` };
  return { name, labels: { netns: name }, bound, anchor: undefined, ...changes };
}

export class FakeNamespaces implements NamespaceSources {
  readonly own: NamespaceSources['own'];
  found: Discovered = { namespaces: [], hidden: [] };
  /** Files that are open, and the most there ever were. */
  opened = 0;
  mostOpened = 0;
  readonly #fs = new Volume();
  readonly #problems = new Map<string, ProblemError>();

  /** @param max the limit of entries; that file is missing if not given. */
  constructor(max?: number) {
    this.own = { fs: this.#fs, host: new Host(this.#fs, ''), release: '6.18.0' };
    this.host({});
    if (max !== undefined) this.write('/proc/sys/net/netfilter/nf_conntrack_max', `${max}\n`);
  }

  /** Writes the counters of the host's namespace, of two CPUs with the same numbers. */
  host(values: Values): this {
    return this.#put('/proc/net', values);
  }

  /** Writes those of another namespace, which is found from now on. */
  set(name: string, values: Values, changes: Partial<Namespace> = {}): this {
    const { hidden, namespaces } = this.found;
    if (!namespaces.some((known) => known.name === name)) {
      this.found = { hidden, namespaces: [...namespaces, namespaceNamed(name, changes)] };
    }
    return this.#put(`/namespaces/${name}`, values);
  }

  /** Keeps a namespace from being read. */
  refuse(name: string, problem: ProblemError): this {
    this.#problems.set(name, problem);
    return this;
  }

  write(path: string, text: string): this {
    this.#fs.fromJSON({ [path]: text });
    return this;
  }

  remove(path: string): this {
    this.#fs.unlinkSync(path);
    return this;
  }

  *find(): Work<Discovered> {
    yield;
    return this.found;
  }

  readonly open = ({ name }: Namespace): NamespaceFiles => {
    const problem = this.#problems.get(name);
    if (problem !== undefined) throw problem;
    this.mostOpened = Math.max(this.mostOpened, ++this.opened);
    const host = new Host(this.#fs, '');
    host.net = (file) => `/namespaces/${name}/${file}`;
    return { fs: this.#fs, host, via: `process of ${name}`, close: () => void this.opened-- };
  };

  #put(directory: string, values: Values): this {
    const row = statRow(values);
    return this.write(`${directory}/stat/nf_conntrack`, statText(NAMES, [row, row]).toString());
  }
}

/** Network namespaces in memory, watched by jobs that collect for an agent. */

import { Volume } from 'memfs';

import { Emitter } from '../../collector/agent/emit.ts';
import { parseConfig } from '../../collector/config/parse.ts';
import { chartsOf } from '../../collector/jobs/job.ts';
import { HOST, Jobs } from '../../collector/jobs/jobs.ts';
import { type Found, Namespaces } from '../../collector/jobs/namespaces.ts';
import { Plugin } from '../../collector/jobs/plugin.ts';
import { Watched } from '../../collector/jobs/watched.ts';
import { Budget } from '../../collector/modules/budget.ts';
import type { Context } from '../../collector/modules/context.ts';
import type { Module, Sample } from '../../collector/modules/module.ts';
import { type ProblemCode, ProblemError } from '../../collector/modules/problem.ts';
import type { Work } from '../../collector/modules/slices.ts';
import { NamespaceContext } from '../../collector/namespaces/context.ts';
import { Counts } from '../../collector/namespaces/counts.ts';
import type { Entrance, Namespace } from '../../collector/namespaces/namespace.ts';
import { contextOf } from './context.ts';
import { namespaceNamed } from './fake_namespaces.ts';
import { FakeRuntime } from './fake_runtime.ts';
import { RecordingLog } from './recording_log.ts';
import { NAMES, statRow, statText } from './stat_text.ts';

/** Bound to a path; `birth` distinguishes it from others of its name. */
export function boundNamespace(name: string, birth = 1, labels: Namespace['labels'] = {}): Namespace {
  const bound = { path: `/run/netns/${name}`, identity: `${name}-${birth}` };
  return namespaceNamed(name, { bound, labels: { netns: name, ...labels } });
}

export class NamespaceScene {
  readonly volume = new Volume();
  /** What exists: what a search finds. */
  namespaces: Namespace[] = [];
  hidden: unknown[] = [];
  /** What fails on entering, verifying and opening, by name. */
  readonly problems = new Map<string, ProblemCode>();
  /** Those that can only be looked at, by name. */
  readonly refused = new Set<string>();
  /** How often each namespace was entered, and how many entrances are open. */
  readonly entered = new Map<string, number>();
  open = 0;
  /** Whether connection tracking is loaded. */
  isTracking = true;

  /** Adds a namespace, or replaces the one of its name. */
  add(name: string, values: Readonly<Record<string, number>>, namespace = boundNamespace(name)): void {
    this.namespaces = [...this.namespaces.filter((one) => one.name !== name), namespace];
    this.set(name, values);
  }

  /** Sets the counters of a namespace. */
  set(name: string, values: Readonly<Record<string, number>>): void {
    this.volume.mkdirSync(`/ns/${name}/stat`, { recursive: true });
    this.volume.writeFileSync(`/ns/${name}/stat/nf_conntrack`, statText(NAMES, [statRow(values), statRow(values)]));
  }

  /** Destroys a namespace. */
  destroy(name: string): void {
    this.namespaces = this.namespaces.filter((one) => one.name !== name);
    this.volume.rmSync(`/ns/${name}`, { recursive: true });
  }

  *find(): Work<Found> {
    yield;
    return { namespaces: this.namespaces, hidden: this.hidden };
  }

  enter(namespace: Namespace): Entrance {
    const { name } = namespace;
    const verify = (): void => {
      const problem = this.problems.get(name);
      if (problem !== undefined) throw new ProblemError(problem, name);
      if (!this.namespaces.some(({ bound }) => bound === namespace.bound))
        throw new ProblemError('namespace_gone', name);
    };
    verify();
    this.entered.set(name, (this.entered.get(name) ?? 0) + 1);
    this.open++;
    return {
      via: `the gate of ${name}`,
      directory: `/ns/${name}`,
      open: (file) => {
        verify();
        return this.volume.openSync(`/ns/${name}/${file}`, 'r');
      },
      inside: () => {
        throw new ProblemError('namespace_closed', name);
      },
      settings: `/ns/${name}/settings`,
      openSetting: () => {
        throw new ProblemError('namespace_closed', name);
      },
      verify,
      close: () => {
        this.open--;
      },
    };
  }

  counts(): Counts {
    return new Counts({
      fs: this.volume,
      enter: (namespace) => this.enter(namespace),
      isTracking: () => this.isTracking,
    });
  }
}

/** All jobs of a host with namespaces. */
export class NamespaceCollecting {
  readonly scene = new NamespaceScene();
  readonly log = new RecordingLog();
  readonly runtime = new FakeRuntime(300e6);
  readonly jobs = new Jobs();
  readonly context: Context;
  readonly namespaces: Namespaces;
  readonly #emitter = new Emitter({ charts: [], source: '' });
  readonly #plugin: Plugin;
  #second = 300;
  #text = '';

  /** @param openFiles that the process may have. */
  constructor(config = '', openFiles?: number) {
    const { jobs, log, runtime, scene } = this;
    scene.volume.fromJSON({
      '/proc/sys/net/netfilter/nf_conntrack_max': '1000\n',
      '/proc/net/stat/nf_conntrack': statText(NAMES, [statRow({ entries: 31 })]).toString(),
    });
    const refuse = (): never => {
      throw new ProblemError('namespace_closed', 'netlink');
    };
    this.context = contextOf({
      fs: scene.volume,
      log,
      runtime,
      budget: new Budget(),
      ctnetlink: refuse,
      sockDiag: refuse,
    });
    const { context } = this;
    const enter = (namespace: Namespace): Entrance => {
      if (scene.refused.has(namespace.name)) throw new ProblemError('namespace_closed', namespace.name);
      return scene.enter(namespace);
    };
    const watched = new Watched({ jobs, enter, contextOf: (...place) => new NamespaceContext(context, ...place), log });
    this.namespaces = new Namespaces(context, { find: () => scene.find(), counts: scene.counts(), watched, openFiles });
    const tick = (text: unknown): void => {
      this.#text += String(text);
    };
    const output = { ready: () => true, tick };
    this.#plugin = new Plugin({ jobs, log, output, renderer: this.#emitter });
    this.configure(config);
  }

  /** Applies a configuration, in which the host has only the module `stat`. */
  configure(text: string): void {
    const config = parseConfig('conntrack.conf', text);
    const settings = { config, every: 1 };
    this.#emitter.use({ charts: chartsOf(config), source: '' });
    const off = { enabled: false } as const;
    const { events, flows, sockets } = config.modules;
    const modules = {
      ...config.modules,
      events: { ...events, ...off },
      flows: { ...flows, ...off },
      sockets: { ...sockets, ...off },
      conntrackd: { ...config.modules.conntrackd, ...off },
    };
    const also = this.namespaces.use(settings);
    this.jobs.set(HOST, this.context, { config: { ...config, modules }, every: 1, also });
  }

  /** The modules of the job of a namespace; `undefined` without one. */
  modulesOf(name: string): readonly string[] | undefined {
    return this.jobs.get(`netns ${name}`)?.modules.map((module: Module) => module.name);
  }

  get watched(): readonly string[] {
    return this.jobs.all.map(({ id }) => id).filter((id) => id !== HOST);
  }

  /** Updates once a second, so many times; returns the lines. */
  async update(times = 1): Promise<readonly string[]> {
    this.#text = '';
    for (let time = 0; time < times; time++) {
      this.runtime.advanceTo(this.#second);
      const at = this.#second++ * 1e6;
      this.namespaces.verify(at);
      this.#plugin.tick({ at, skipped: 0 });
      await this.runtime.settle();
    }
    return this.#text.trim().split('\n');
  }
}

/** Samples of the module `namespaces`. */
export async function namespaceSamples(): Promise<readonly Sample[]> {
  const collecting = new NamespaceCollecting();
  collecting.scene.add('blue', { entries: 1 });
  await collecting.update();
  const module = collecting.jobs.get(HOST)?.modules.find(({ name }) => name === 'namespaces');
  return module?.collect(301e6, true) ?? [];
}

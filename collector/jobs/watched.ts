/**
 * The watched network namespaces, each as a job. What is open in a namespace that has no other user any more would keep it
 * alive: its job is removed at once.
 */

import { isDeepStrictEqual } from 'node:util';

import type { Log } from '../base/log.ts';
import type { Context } from '../modules/context.ts';
import { InstanceIds } from '../modules/instance_ids.ts';
import { problemErrorOf } from '../modules/problem.ts';
import { type Glance, keyOf } from '../namespaces/counts.ts';
import type { Entrance, Namespace } from '../namespaces/namespace.ts';
import { ChangeLog } from './change_log.ts';
import { Gate } from './gate.ts';
import type { Settings } from './job.ts';
import type { Jobs } from './jobs.ts';
import { namespaceConfig } from './namespace_config.ts';
import { quietLog } from './quiet_log.ts';

export interface WatchedOptions {
  readonly jobs: Pick<Jobs, 'set' | 'remove'>;
  /**
   * A way into a namespace.
   *
   * @throws {ProblemError} when there is none.
   */
  readonly enter: (namespace: Namespace) => Entrance;
  /** The context of the modules that collect inside. */
  readonly contextOf: (namespace: Namespace, entrance: Entrance, log: Log) => Context;
  readonly log: Log;
}

/** A watched namespace. */
interface One {
  readonly key: string;
  readonly isIncluded: boolean;
  readonly entrance: Gate;
  readonly context: Context;
  namespace: Namespace;
  /** Those that its job was last set with. */
  settings: Settings | undefined;
}

/** The scope of the ids of namespaces. */
const SCOPE = 'netns';
/**
 * The id of a namespace that is gone is not given to another one for this many microseconds, as long as its name is
 * reserved: meanwhile its charts stay, and continue if it returns.
 */
const RETIRED = 120e6;

export class Watched {
  readonly #options: WatchedOptions;
  readonly #ones = new Map<string, One>();
  readonly #ids = new InstanceIds();
  /** When each namespace that is not watched any more was left, by name: the earliest first. */
  readonly #retired = new Map<string, number>();
  readonly #changes: ChangeLog;
  /** Of the included namespaces, and of the others. */
  readonly #logs: { readonly included: Log; readonly other: Log };
  /** Monotonic time of the last verification in microseconds. */
  #now = 0;

  constructor(options: WatchedOptions) {
    this.#options = options;
    this.#logs = { included: quietLog(options.log, 'warning'), other: quietLog(options.log, 'error') };
    this.#changes = new ChangeLog(options.log);
  }

  get names(): readonly string[] {
    return [...this.#ones.keys()];
  }

  has(name: string): boolean {
    return this.#ones.has(name);
  }

  /**
   * Watches a namespace, or applies what has changed if it is watched already.
   *
   * @param at monotonic time in microseconds.
   * @param isIncluded whether it has all modules.
   */
  set(at: number, namespace: Namespace, settings: Settings, isIncluded: boolean): void {
    const { name } = namespace;
    const before = this.#ones.get(name);
    const isSame = before?.key === keyOf(namespace) && before.isIncluded === isIncluded;
    if (before !== undefined && !isSame) this.#close(before);
    const one = isSame ? before : this.#open(namespace, isIncluded);
    if (one === undefined) return;
    this.#ones.set(name, one);
    this.#retired.delete(name);
    if (before === undefined) {
      this.#changes.add(at, 'watching a network namespace', { netns: name, via: one.entrance.via });
    }
    const hasChanged = one.settings !== settings || !isDeepStrictEqual(one.namespace.labels, namespace.labels);
    if (!hasChanged) return;
    one.namespace = namespace;
    this.#apply(one, settings);
  }

  /** Applies other settings to all. */
  use(settings: Settings): void {
    for (const one of this.#ones.values()) this.#apply(one, settings);
  }

  /** Stops watching a namespace that is no longer selected. */
  remove(at: number, name: string): void {
    const one = this.#ones.get(name);
    if (one !== undefined) this.#end(at, one, 'it is idle, left out or no longer found');
  }

  /** A way into a namespace that is watched, through the entrance of its job; `undefined` if it is not. */
  glance(namespace: Namespace): Glance | undefined {
    const one = this.#ones.get(namespace.name);
    if (one?.key !== keyOf(namespace)) return undefined;
    return { open: (name) => one.entrance.open(name), close: () => undefined };
  }

  /**
   * Removes the namespaces that are gone. A job that keeps nothing open inside finds that out itself when it reads.
   *
   * @returns whether there was any.
   */
  verify(at: number): boolean {
    this.#now = at;
    this.#changes.flush(at);
    this.#forget();
    let hasGone = false;
    for (const one of this.#ones.values()) {
      const problem = one.isIncluded ? problemOf(one.entrance) : one.entrance.problem;
      if (problem === undefined) continue;
      hasGone = true;
      this.#end(at, one, problem);
    }
    return hasGone;
  }

  close(): void {
    for (const one of this.#ones.values()) this.#close(one);
  }

  #apply(one: One, settings: Settings): void {
    const { context, isIncluded, namespace } = one;
    const { labels, name } = namespace;
    const { config, every } = settings;
    one.settings = settings;
    this.#options.jobs.set(jobOf(name), context, {
      config: namespaceConfig(config, isIncluded),
      every,
      place: { instance: `netns_${this.#ids.of(SCOPE, name, name)}`, labels },
    });
  }

  /** `undefined` if there is no way into it: the next search shows why. */
  #open(namespace: Namespace, isIncluded: boolean): One | undefined {
    const { contextOf, enter } = this.#options;
    const log = isIncluded ? this.#logs.included : this.#logs.other;
    try {
      const entrance = new Gate(enter(namespace));
      const context = contextOf(namespace, entrance, log);
      return { key: keyOf(namespace), isIncluded, entrance, context, namespace, settings: undefined };
    } catch (error) {
      problemErrorOf(error, 'procfs');
      return undefined;
    }
  }

  #end(at: number, one: One, why: string): void {
    this.#close(one);
    this.#changes.add(at, 'no longer watching a network namespace', { netns: one.namespace.name, why });
  }

  #close({ entrance, namespace: { name } }: One): void {
    this.#options.jobs.remove(jobOf(name));
    entrance.close();
    this.#ones.delete(name);
    this.#retired.set(name, this.#now);
  }

  /** Forgets the ids of namespaces that were left long ago. */
  #forget(): void {
    for (const [name, left] of this.#retired) {
      if (this.#now - left < RETIRED) return;
      this.#retired.delete(name);
      this.#ids.forget(SCOPE, name);
    }
  }
}

function jobOf(name: string): string {
  return `netns ${name}`;
}

/** Why a namespace cannot be watched any more: it is gone, or that cannot be found out. `undefined` if it can. */
function problemOf(entrance: Gate): string | undefined {
  try {
    entrance.verify();
    return undefined;
  } catch (error) {
    return entrance.problem ?? problemErrorOf(error, 'procfs', entrance.via).problem.message;
  }
}

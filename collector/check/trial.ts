/** Tries the modules as the plugin uses them: on the host, or in the one network namespace that is asked for. */

import { UsageError } from '../base/errors.ts';
import type { Clock } from '../base/scheduler.ts';
import type { Config } from '../config/schema.ts';
import type { Module } from '../modules/module.ts';
import type { Entrance, Namespace } from '../namespaces/namespace.ts';
import { attempt, type CheckFileSystem } from './files.ts';
import { type Looked, lookInside, type NamespaceSource, type Sight } from './look_inside.ts';
import { selectorOf } from './namespaces.ts';
import { type Observation, observe } from './observe.ts';

/** Seconds that modules have to return data, plus the time that conntrackd may take. */
const PATIENCE = 5;

export interface TrialOptions {
  readonly fs: CheckFileSystem;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  /** Creates the modules of a configuration. */
  readonly modules: (config: Config) => readonly Module[];
  readonly namespaces: NamespaceSource & {
    /** The namespace that an operator names; throws {@link UsageError} without one. */
    named(given: string, namespaces: readonly Namespace[]): Namespace;
    /** The configuration in a namespace; `isIncluded` is whether the operator named it. */
    configOf(config: Config, isIncluded: boolean): Config;
    /** Creates the modules of that configuration. */
    modules(config: Config, namespace: Namespace, entrance: Entrance): readonly Module[];
  };
  /** `--netns NAME`: check only this network namespace, by its name, path or container. */
  readonly netns: string | undefined;
}

export interface Trial {
  /** The other network namespaces; `undefined` if they were not looked for. */
  readonly sight: Sight | undefined;
  /** The one that is asked for, or why there is none; `undefined` if none is asked for. */
  readonly asked: Looked | UsageError | undefined;
  /** The configuration that the modules were tried with. */
  readonly config: Config;
  /** `undefined` if nothing was tried. */
  readonly observed: readonly Observation[] | undefined;
  /** How long they were tried, in seconds. */
  readonly patience: number;
}

export async function tryModules(options: TrialOptions, config: Config): Promise<Trial> {
  const { clock, fs, modules, namespaces, netns } = options;
  const { enabled } = config.namespaces;
  const selector = selectorOf(config.namespaces);
  const isIncluded = (name: string): boolean => selector.isIncluded(name);
  const isSought = netns !== undefined || enabled !== false;
  const sight = isSought ? lookInside(fs, namespaces, isIncluded) : undefined;
  const asked = netns === undefined ? undefined : lookedAt(netns, sight, namespaces);
  if (asked === undefined) {
    const patience = PATIENCE + config.modules.conntrackd.timeout;
    return { sight, asked, config, observed: await observe(modules(config), clock, patience), patience };
  }
  if (asked instanceof UsageError || asked.problem !== undefined) {
    return { sight, asked, config, observed: undefined, patience: 0 };
  }
  const used = namespaces.configOf(config, isIncluded(asked.namespace.name));
  const observed = await observeInside(options, used, asked.namespace);
  return { sight, asked, config: used, observed, patience: PATIENCE };
}

function lookedAt(netns: string, sight: Sight | undefined, { named }: TrialOptions['namespaces']): Looked | UsageError {
  const looked = sight?.looked ?? [];
  try {
    const found = named(
      netns,
      looked.map(({ namespace }) => namespace),
    );
    return looked.find(({ namespace }) => namespace === found) ?? new UsageError(netns);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}

/** `undefined` if the namespace is gone by now. */
async function observeInside(
  { clock, namespaces }: TrialOptions,
  config: Config,
  namespace: Namespace,
): Promise<readonly Observation[] | undefined> {
  const entrance = attempt(() => namespaces.enter(namespace));
  if (entrance === undefined) return undefined;
  try {
    return await observe(namespaces.modules(config, namespace, entrance), clock, PATIENCE);
  } finally {
    entrance.close();
  }
}

/** Tries the modules as the plugin uses them: on the host, or in the one network namespace that is asked for. */

import type { Clock } from '../base/scheduler.ts';
import type { Config } from '../config/schema.ts';
import type { Module } from '../modules/module.ts';
import type { Entrance, Namespace } from '../namespaces/namespace.ts';
import { attempt, type CheckFileSystem } from './files.ts';
import { lookInside, type NamespaceSource, type Sight } from './look_inside.ts';
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
    /** The configuration in a namespace; `isIncluded` is whether the operator named it. */
    configOf(config: Config, isIncluded: boolean): Config;
    /** Creates the modules of that configuration. */
    modules(config: Config, namespace: Namespace, entrance: Entrance): readonly Module[];
  };
  /** `--netns NAME`: check only this network namespace. */
  readonly netns: string | undefined;
}

export interface Trial {
  /** The other network namespaces; `undefined` if they were not looked for. */
  readonly sight: Sight | undefined;
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
  if (netns === undefined) {
    const patience = PATIENCE + config.modules.conntrackd.timeout;
    return { sight, config, observed: await observe(modules(config), clock, patience), patience };
  }
  const used = namespaces.configOf(config, isIncluded(netns));
  const target = sight?.looked.find(({ namespace, problem }) => namespace.name === netns && problem === undefined);
  const observed = target === undefined ? undefined : await observeInside(options, used, target.namespace);
  return { sight, config: used, observed, patience: PATIENCE };
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

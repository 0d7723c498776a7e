/** A job: the modules that a configuration asks for, constructed with one context. */

import { isDeepStrictEqual } from 'node:util';

import { charts } from '../../charts/index.ts';
import type { Chart } from '../../charts/types.ts';
import type { Config } from '../config/schema.ts';
import { ConntrackdModule } from '../modules/conntrackd/conntrackd.ts';
import type { Context } from '../modules/context.ts';
import { EventsModule } from '../modules/events/events.ts';
import { FlowsModule } from '../modules/flows/flows.ts';
import type { Module, Sample } from '../modules/module.ts';
import { SocketsModule } from '../modules/sockets/sockets.ts';
import { StatModule } from '../modules/stat/stat.ts';
import { NatSearch } from './derived.ts';
import { type Place, Placement } from './place.ts';

/** Settings of a job. */
export interface Settings {
  readonly config: Config;
  /** Seconds between two updates. */
  readonly every: number;
  /** The network namespace that the job collects from; the host itself if not given. */
  readonly place?: Place;
  /** Modules that the configuration does not name, to be asked and closed with the others. */
  readonly also?: readonly Module[];
}

type Name = keyof Config['modules'];

/** The modules, in the order in which their metrics take precedence. */
const MODULES: {
  readonly [N in Name]: new (
    context: Context,
    settings: Config['modules'][N] & { every: number },
  ) => Module;
} = {
  stat: StatModule,
  events: EventsModule,
  flows: FlowsModule,
  sockets: SocketsModule,
  conntrackd: ConntrackdModule,
};

/** A module and the settings that it was constructed with. */
interface Part {
  readonly name: Name;
  readonly settings: unknown;
  /** Seconds between two updates. */
  readonly every: number;
  readonly module: Module;
}

export class Job {
  readonly id: string;
  /** Name of the network namespace; `undefined` for the host. */
  readonly netns: string | undefined;
  readonly modules: readonly Module[];
  /** How hard the kernel searches for ports in this job's network namespace; `undefined` if events are not watched. */
  readonly natSearch: NatSearch | undefined;
  readonly #parts: readonly Part[];
  readonly #placement: Placement | undefined;

  /** @param before the job that this one replaces: its modules with equal settings keep running. */
  constructor(id: string, context: Context, settings: Settings, before?: Job) {
    this.id = id;
    this.netns = settings.place?.labels['netns'];
    const parts = before === undefined ? [] : before.#parts;
    this.#parts = wantedModules(settings.config).map((name) =>
      createPart(
        name,
        context,
        settings,
        parts.find((part) => part.name === name),
      ),
    );
    this.modules = this.#parts.map(({ module }) => module).concat(settings.also ?? []);
    this.natSearch = this.#parts.some(({ name }) => name === 'events')
      ? (before?.natSearch ?? new NatSearch())
      : undefined;
    this.#placement = settings.place && new Placement(settings.place);
  }

  /** The samples of a module of this job, distinguished from those of the other jobs. */
  placed(samples: readonly Sample[]): readonly Sample[] {
    return this.#placement?.of(samples) ?? samples;
  }

  /** Closes the modules, except those that another job has taken over. */
  close(successor?: Job): void {
    for (const module of this.modules) if (successor?.modules.includes(module) !== true) module.close();
  }
}

function createPart<N extends Name>(name: N, context: Context, { config, every }: Settings, before?: Part): Part {
  const settings = config.modules[name];
  if (before?.every === every && isDeepStrictEqual(settings, before.settings)) return before;
  return { name, settings, every, module: new MODULES[name](context, { ...settings, every }) };
}

/** The charts of the configured mode. */
export function chartsOf(config: Config): readonly Chart[] {
  return config.mode === 'basic' ? charts.filter((chart) => chart.basic === true) : charts;
}

/** The modules that are not turned off and have a chart in this mode. */
export function wantedModules(config: Config): readonly Name[] {
  const charted = new Set(chartsOf(config).map((chart) => chart.module));
  const names: readonly Name[] = ['stat', 'events', 'flows', 'sockets', 'conntrackd'];
  return names.filter((name) => config.modules[name].enabled !== false && charted.has(name));
}

/**
 * Puts a collector together from its configuration: which modules there are, which charts they feed. The configuration
 * can be replaced while it runs.
 */

import type { Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';

import { charts } from '../../charts/index.ts';
import type { Chart } from '../../charts/types.ts';
import type { Log } from '../base/log.ts';
import type { Runtime } from '../base/runtime.ts';
import type { Tick } from '../base/scheduler.ts';
import type { Config } from '../config/schema.ts';
import { type Access, createAccess } from '../modules/access.ts';
import { ConntrackdModule } from '../modules/conntrackd/conntrackd.ts';
import { EventsModule } from '../modules/events/events.ts';
import { FlowsModule } from '../modules/flows/flows.ts';
import type { Module } from '../modules/module.ts';
import { SocketsModule } from '../modules/sockets/sockets.ts';
import { StatModule } from '../modules/stat/stat.ts';
import type { OwnershipFileSystem } from '../netlink/trusted.ts';
import type { FileSystem } from '../procfs/file.ts';
import { Host } from '../procfs/host.ts';
import { Plugin, type PluginOptions } from './plugin.ts';

/** What modules are made with, however they are configured. */
export interface Surroundings {
  readonly hostPrefix: string;
  /** The release of the running kernel. */
  readonly release: string;
  /** The folder of the foreign function library, absolute. */
  readonly library: string;
  readonly fs: FileSystem & OwnershipFileSystem;
  readonly runtime: Runtime;
  /** Connects to a UNIX socket. */
  readonly connect: (path: string) => Socket;
  readonly log: Log;
}

/** What is asked for. */
export interface Settings {
  readonly config: Config;
  /** Seconds between two updates. */
  readonly every: number;
}

export interface ModuleOptions extends Surroundings, Settings {}

export interface CollectorOptions extends Surroundings, PluginOptions {}

/** A module and the settings that it was made with. */
interface Job {
  readonly settings: unknown;
  readonly module: Module;
}

/** The modules and their updates. Without modules until settings are applied. */
export class Collector {
  readonly #kit: Kit;
  readonly #plugin: Plugin;
  #jobs: ReadonlyMap<Name, Job> = new Map();

  constructor(options: CollectorOptions) {
    this.#kit = createKit(options);
    this.#plugin = new Plugin(options);
  }

  /**
   * Puts settings into effect. A module whose settings are the same keeps running; the others are created, replaced or
   * closed.
   *
   * @returns whether there is any module.
   */
  apply(settings: Settings): boolean {
    const { config, every } = settings;
    const before = this.#jobs;
    this.#jobs = new Map(
      wantedModules(config).map((name) => {
        const own = { every, ...config.modules[name] };
        const job = before.get(name);
        if (isDeepStrictEqual(own, job?.settings) && job !== undefined) return [name, job];
        return [name, { settings: own, module: MAKERS[name](this.#kit, settings) }];
      }),
    );
    this.#plugin.use([...this.#jobs.values()].map(({ module }) => module));
    return this.#jobs.size > 0;
  }

  /** Updates everything once. */
  tick(tick: Tick): void {
    this.#plugin.tick(tick);
  }

  close(): void {
    this.#plugin.close();
  }
}

/** The charts that the configuration wants drawn. */
export function chartsOf(config: Config): readonly Chart[] {
  return config.mode === 'basic' ? charts.filter((chart) => chart.basic === true) : charts;
}

/** The modules that the configuration does not turn off and whose charts it wants drawn. */
export function createModules(options: ModuleOptions): readonly Module[] {
  const kit = createKit(options);
  return wantedModules(options.config).map((name) => MAKERS[name](kit, options));
}

type Name = keyof Config['modules'];

/** What modules are made with. */
interface Kit extends Surroundings, Access {
  readonly host: Host;
}

function createKit(surroundings: Surroundings): Kit {
  const { fs, hostPrefix, library } = surroundings;
  const host = new Host(fs, hostPrefix);
  return { ...surroundings, ...createAccess({ fs, host, library }), host };
}

/** Where two modules know the same number, the first is believed. */
const NAMES = ['stat', 'events', 'flows', 'sockets', 'conntrackd'] as const satisfies readonly Name[];

function wantedModules(config: Config): readonly Name[] {
  // A module is there for its charts: where none of them is drawn, it need not work.
  const drawn = new Set(chartsOf(config).map((chart) => chart.module));
  return NAMES.filter((name) => config.modules[name].enabled !== false && drawn.has(name));
}

const MAKERS: Readonly<Record<Name, (kit: Kit, settings: Settings) => Module>> = {
  stat: ({ ctnetlink, fs, host, log, release }, { config, every }) => {
    const { enabled, per_cpu, read_from } = config.modules.stat;
    return new StatModule({
      fs,
      host,
      log,
      connect: ctnetlink,
      every,
      perCpu: per_cpu,
      readFrom: read_from,
      required: enabled === true,
      release,
    });
  },
  events: ({ ctnetlink, fs, host, log, runtime }, { config, every }) => {
    const { enabled, most_per_second, receive_buffer } = config.modules.events;
    return new EventsModule({
      fs,
      host,
      log,
      connect: ctnetlink,
      runtime,
      every,
      receiveBuffer: receive_buffer * 1024 * 1024,
      mostPerSecond: most_per_second,
      required: enabled === true,
    });
  },
  flows: ({ ctnetlink, log, runtime }, { config, every }) => {
    const { cpu_share, enabled, full_above, update_every } = config.modules.flows;
    return new FlowsModule({
      log,
      connect: ctnetlink,
      runtime,
      tick: every,
      every: update_every,
      share: cpu_share / 100,
      fullAbove: full_above,
      required: enabled === true,
    });
  },
  sockets: ({ fs, host, log, runtime, sockDiag }, { config, every }) => {
    const { cpu_share, enabled, read_from, update_every } = config.modules.sockets;
    return new SocketsModule({
      fs,
      host,
      log,
      connect: sockDiag,
      runtime,
      readFrom: read_from,
      tick: every,
      every: update_every,
      share: cpu_share / 100,
      required: enabled === true,
    });
  },
  conntrackd: ({ connect, fs, host, log, runtime }, { config, every }) => {
    const { enabled, sockets, timeout, update_every } = config.modules.conntrackd;
    return new ConntrackdModule({
      fs,
      host,
      log,
      connect,
      runtime,
      every: multipleOf(every, update_every),
      timeout,
      sockets,
      required: enabled === true,
    });
  },
};

/** The shortest multiple of the time between two updates that is not shorter than what is wanted. */
function multipleOf(every: number, wanted: number): number {
  return Math.ceil(wanted / every) * every;
}

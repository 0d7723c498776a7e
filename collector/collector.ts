/**
 * Puts a collector together from its configuration: which modules there are, which charts they feed.
 */

import type { Socket } from 'node:net';

import { charts } from '../charts/index.ts';
import type { Chart } from '../charts/types.ts';
import type { Config } from './config.ts';
import type { Face } from './face.ts';
import type { Log } from './log.ts';
import { createAccess } from './modules/access.ts';
import { ConntrackdModule } from './modules/conntrackd/conntrackd.ts';
import { EventsModule } from './modules/events/events.ts';
import { FlowsModule } from './modules/flows/flows.ts';
import type { Module } from './modules/module.ts';
import { SocketsModule } from './modules/sockets/sockets.ts';
import { StatModule } from './modules/stat/stat.ts';
import type { OwnershipFileSystem } from './netlink/trusted.ts';
import type { Output } from './output.ts';
import { Plugin } from './plugin.ts';
import type { FileSystem } from './procfs/file.ts';
import { Host } from './procfs/host.ts';
import type { Runtime } from './runtime.ts';

export interface ModuleOptions {
  readonly config: Config;
  /** Seconds between two updates. */
  readonly every: number;
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

export interface CollectorOptions extends ModuleOptions {
  readonly output: Output;
  /** How the charts are drawn. */
  readonly face: (charts: readonly Chart[]) => Face;
}

/** The collector, or `undefined` when the configuration turns every module off. */
export function createCollector(options: CollectorOptions): Plugin | undefined {
  const { config, face, log, output } = options;
  const modules = createModules(options);
  if (modules.length === 0) return undefined;
  return new Plugin({ modules, face: face(chartsOf(config)), output, log });
}

/** The charts that the configuration wants drawn. */
function chartsOf(config: Config): readonly Chart[] {
  return config.mode === 'basic' ? charts.filter((chart) => chart.basic === true) : charts;
}

/** The modules that the configuration does not turn off and whose charts it wants drawn. */
export function createModules(options: ModuleOptions): readonly Module[] {
  // A module is there for its charts: where none of them is drawn, it need not work.
  const wanted = new Set(chartsOf(options.config).map((chart) => chart.module));
  return enabledModules(options).filter((module) => wanted.has(module.name));
}

/** The modules that the configuration does not turn off; where two know the same number, the first is believed. */
function enabledModules(options: ModuleOptions): Module[] {
  const { config, connect, every, fs, hostPrefix, library, log, release, runtime } = options;
  const { conntrackd, events, flows, sockets, stat } = config.modules;
  const host = new Host(fs, hostPrefix);
  const { ctnetlink, sockDiag } = createAccess({ fs, host, library });
  const modules: Module[] = [];
  if (stat.enabled !== false) {
    modules.push(
      new StatModule({
        fs,
        host,
        log,
        connect: ctnetlink,
        every,
        perCpu: stat.per_cpu,
        readFrom: stat.read_from,
        required: stat.enabled === true,
        release,
      }),
    );
  }
  if (events.enabled !== false) {
    modules.push(
      new EventsModule({
        fs,
        host,
        log,
        connect: ctnetlink,
        runtime,
        every,
        receiveBuffer: events.receive_buffer * 1024 * 1024,
        mostPerSecond: events.most_per_second,
        required: events.enabled === true,
      }),
    );
  }
  if (flows.enabled !== false) {
    modules.push(
      new FlowsModule({
        log,
        connect: ctnetlink,
        runtime,
        tick: every,
        every: flows.update_every,
        share: flows.cpu_share / 100,
        fullAbove: flows.full_above,
        required: flows.enabled === true,
      }),
    );
  }
  if (sockets.enabled !== false) {
    modules.push(
      new SocketsModule({
        fs,
        host,
        log,
        connect: sockDiag,
        runtime,
        readFrom: sockets.read_from,
        tick: every,
        every: sockets.update_every,
        share: sockets.cpu_share / 100,
        required: sockets.enabled === true,
      }),
    );
  }
  if (conntrackd.enabled !== false) {
    modules.push(
      new ConntrackdModule({
        fs,
        host,
        log,
        connect,
        runtime,
        every: multipleOf(every, conntrackd.update_every),
        timeout: conntrackd.timeout,
        sockets: conntrackd.sockets,
        required: conntrackd.enabled === true,
      }),
    );
  }
  return modules;
}

/** The shortest multiple of the time between two updates that is not shorter than what is wanted. */
function multipleOf(every: number, wanted: number): number {
  return Math.ceil(wanted / every) * every;
}

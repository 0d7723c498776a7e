/**
 * Puts a collector together from its configuration: which modules there are, which charts they feed.
 */

import { charts } from '../charts/index.ts';
import type { Config } from './config.ts';
import { Emitter } from './emit.ts';
import type { Log } from './log.ts';
import type { Module } from './modules/module.ts';
import { StatModule } from './modules/stat/stat.ts';
import type { Output } from './output.ts';
import { Plugin } from './plugin.ts';
import type { FileSystem } from './procfs/file.ts';
import { Host } from './procfs/host.ts';

export interface CollectorOptions {
  readonly config: Config;
  /** Seconds between two updates. */
  readonly every: number;
  readonly hostPrefix: string;
  /** The release of the running kernel. */
  readonly release: string;
  readonly fs: FileSystem;
  readonly output: Output;
  readonly log: Log;
}

/** The collector, or `undefined` when the configuration turns every module off. */
export function createCollector(options: CollectorOptions): Plugin | undefined {
  const { config, fs, log, output } = options;
  const modules = createModules(options, new Host(fs, options.hostPrefix));
  if (modules.length === 0) return undefined;
  const drawn = config.mode === 'basic' ? charts.filter((chart) => chart.basic === true) : charts;
  return new Plugin({ modules, emitter: new Emitter({ charts: drawn, source: config.source }), output, log });
}

function createModules({ config, every, fs, log, release }: CollectorOptions, host: Host): Module[] {
  const { stat } = config.modules;
  if (stat.enabled === false) return [];
  const required = stat.enabled === true;
  return [new StatModule({ fs, host, log, every, perCpu: stat.per_cpu, required, release })];
}

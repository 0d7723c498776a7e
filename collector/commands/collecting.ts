/** What collecting takes, whoever looks at it: an agent, or a person. */

import fs from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import os from 'node:os';

import { type ContextChoice, chooseContexts, readBuiltin } from '../builtin.ts';
import type { CommandLine } from '../cli.ts';
import type { ModuleOptions } from '../collector.ts';
import { type Config, loadConfig } from '../config.ts';
import type { Environment } from '../environment.ts';
import type { Log } from '../log.ts';
import type { Output } from '../output.ts';
import type { Plugin } from '../plugin.ts';
import { ticks } from '../scheduler.ts';
import { clock, LIBRARY, runtime } from './system.ts';

/** What was asked for, by the command line, the environment and the configuration. */
export interface Asked {
  readonly config: Config;
  /** Where the configuration came from; `undefined` if every default holds. */
  readonly file: string | undefined;
  /** Seconds between two updates: the longest of those that were asked for. */
  readonly every: number;
  /** Which contexts the charts have that the agent's built-in collector draws too. */
  readonly contexts: ContextChoice;
}

/** @throws {UsageError} when the configuration cannot be read or is wrong. */
export function readAsked(commandLine: CommandLine, environment: Environment): Asked {
  const { stockConfigDir, updateEvery, userConfigDir } = environment;
  const { config, file } = loadConfig(fs, commandLine.config, [userConfigDir, stockConfigDir]);
  const every = Math.max(commandLine.interval ?? 1, updateEvery ?? 1, config.update_every);
  const contexts = chooseContexts(config.contexts, readBuiltin(fs, userConfigDir));
  return { config, file, every, contexts };
}

/** What the modules are made with. */
export function moduleOptions(config: Config, every: number, environment: Environment, log: Log): ModuleOptions {
  const { hostPrefix } = environment;
  const connect = (path: string): Socket => createConnection({ path });
  return { config, every, hostPrefix, release: os.release(), library: LIBRARY, fs, runtime, connect, log };
}

/** Updates until it has done so as often as it was asked to. */
export async function drive(
  collector: Pick<Plugin, 'close' | 'tick'>,
  output: Output,
  every: number,
  most = Number.POSITIVE_INFINITY,
): Promise<void> {
  let left = most;
  for await (const tick of ticks(clock, every)) {
    collector.tick(tick);
    if (--left <= 0) break;
  }
  await output.flush();
  collector.close();
}

/** What collecting takes, whoever looks at it: an agent, or a person. */

import fs from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import os from 'node:os';

import { type ContextChoice, chooseContexts, readBuiltin } from '../agent/builtin.ts';
import type { Environment } from '../agent/environment.ts';
import type { Log } from '../base/log.ts';
import { readRegular } from '../check/files.ts';
import type { CommandLine } from '../cli.ts';
import { type Config, type ConfigFileSystem, loadConfig } from '../config/load.ts';
import type { ModuleOptions, Settings, Surroundings } from '../jobs/collector.ts';
import { LIBRARY, runtime } from './system.ts';

/** Opening a FIFO would stop the process until somebody writes to it, and a device may have no end. */
const regular: ConfigFileSystem = { readFileSync: (path) => readRegular(fs, path) };

/** What was asked for, by the command line, the environment and the configuration. */
export interface Asked extends Settings {
  /** Where the configuration came from; `undefined` if every default holds. */
  readonly file: string | undefined;
  /** Which contexts the charts have that the agent's built-in collector draws too. */
  readonly contexts: ContextChoice;
}

/**
 * Reads the configuration. The interval is the longest of those that were asked for.
 *
 * @throws {ConfigError} when it cannot be read or is wrong.
 */
export function readAsked(commandLine: CommandLine, environment: Environment): Asked {
  const { stockConfigDir, updateEvery, userConfigDir } = environment;
  const { config, file } = loadConfig(regular, commandLine.config, [userConfigDir, stockConfigDir]);
  const every = Math.max(commandLine.interval ?? 1, updateEvery ?? 1, config.update_every);
  const contexts = chooseContexts(config.contexts, readBuiltin(regular, userConfigDir));
  return { config, file, every, contexts };
}

/** What modules are made with, however they are configured. */
export function surroundings({ hostPrefix }: Environment, log: Log): Surroundings {
  const connect = (path: string): Socket => createConnection({ path });
  return { hostPrefix, release: os.release(), library: LIBRARY, fs, runtime, connect, log };
}

/** What the modules are made with. */
export function moduleOptions(config: Config, every: number, environment: Environment, log: Log): ModuleOptions {
  return { config, every, ...surroundings(environment, log) };
}

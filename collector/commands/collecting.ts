/** What every command that collects needs: the configuration, and the context of the modules. */

import fs from 'node:fs';
import { createConnection } from 'node:net';
import os from 'node:os';

import { type ContextChoice, chooseContexts, readBuiltin } from '../agent/builtin.ts';
import type { Environment } from '../agent/environment.ts';
import type { Log } from '../base/log.ts';
import { regularFiles } from '../check/files.ts';
import type { CommandLine } from '../cli.ts';
import { loadConfig } from '../config/load.ts';
import { createContext } from '../jobs/context.ts';
import type { Settings } from '../jobs/job.ts';
import { RECEIVE_MEMORY } from '../modules/access.ts';
import { Budget } from '../modules/budget.ts';
import type { Context } from '../modules/context.ts';
import { receiveMemory } from '../netlink/foreign.ts';
import { LIBRARY, runtime } from './system.ts';

const regular = regularFiles(fs);

/** What the command line, the environment and the configuration ask for. */
export interface Request extends Settings {
  /** The configuration file; `undefined` without one. */
  readonly file: string | undefined;
  /** The contexts of the charts that the agent's built-in collector draws too. */
  readonly contexts: ContextChoice;
}

/**
 * Reads the configuration. The interval is the longest of those requested.
 *
 * @throws {ConfigError} when it cannot be read or is invalid.
 */
export function readRequest(commandLine: CommandLine, environment: Environment): Request {
  const { stockConfigDir, updateEvery, userConfigDir } = environment;
  const { config, file } = loadConfig(regular, commandLine.config, [userConfigDir, stockConfigDir]);
  const every = Math.max(commandLine.interval ?? 1, updateEvery ?? 1, config.update_every);
  const contexts = chooseContexts(config.contexts, readBuiltin(regular, userConfigDir));
  return { config, file, every, contexts };
}

/** The context of the modules that collect from the host. */
export function hostContext({ hostPrefix }: Environment, log: Log): Context {
  return createContext({
    hostPrefix,
    release: os.release(),
    library: LIBRARY,
    fs,
    runtime,
    budget: new Budget(),
    memory: receiveMemory(RECEIVE_MEMORY),
    connect: (path) => createConnection({ path }),
    log,
  });
}

/** What every command that collects needs: the configuration, and the context of the modules. */

import fs from 'node:fs';

import { type ContextChoice, chooseContexts, readBuiltin } from '../agent/builtin.ts';
import type { Environment } from '../agent/environment.ts';
import { regularFiles } from '../check/files.ts';
import type { CommandLine } from '../cli.ts';
import { loadConfig } from '../config/load.ts';
import type { Settings } from '../jobs/job.ts';

export { hostContext } from './host_context.ts';

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
export async function readRequest(commandLine: CommandLine, environment: Environment): Promise<Request> {
  const { stockConfigDir, updateEvery, userConfigDir } = environment;
  const { config, file } = await loadConfig(regular, commandLine.config, [userConfigDir, stockConfigDir]);
  const every = Math.max(commandLine.interval ?? 1, updateEvery ?? 1, config.update_every);
  const contexts = chooseContexts(config.contexts, readBuiltin(regular, userConfigDir));
  return { config, file, every, contexts };
}

/** What every command that collects needs: the configuration, and the context of the modules. */

import fs from 'node:fs';

import { type ContextChoice, chooseContexts, readBuiltin } from '../agent/builtin.ts';
import type { Environment } from '../agent/environment.ts';
import type { Log } from '../base/log.ts';
import { prefixOfPlugin, stockDirectory } from '../check/directories.ts';
import { realPath, regularFiles } from '../check/files.ts';
import type { CommandLine } from '../cli.ts';
import { ConfigError } from '../config/error.ts';
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

/**
 * As {@link readRequest}, for a person, whose shell does not name the agent's directories: those of the agent that is
 * installed. If the configuration there cannot be used, which is no mistake of this person, logs why and uses the defaults.
 * The interval on the command line wins, even if it is shorter than the agent's.
 *
 * @param program its path.
 * @throws {ConfigError} about a configuration that was named.
 */
export async function readRequestByHand(
  commandLine: CommandLine,
  environment: Environment,
  log: Log,
  program = __filename,
): Promise<Request> {
  const request = await readInstalled(commandLine, environment, log, program);
  return { ...request, every: commandLine.interval ?? request.every };
}

async function readInstalled(
  commandLine: CommandLine,
  environment: Environment,
  log: Log,
  program: string,
): Promise<Request> {
  const { stockConfigDir, userConfigDir } = environment;
  const isNamed = (commandLine.config ?? userConfigDir ?? stockConfigDir) !== undefined;
  const prefix = isNamed ? undefined : prefixOfPlugin(fs, realPath(fs, program));
  if (prefix === undefined) return readRequest(commandLine, environment);
  const directories = { userConfigDir: `${prefix}/etc/netdata`, stockConfigDir: stockDirectory(fs, prefix) };
  try {
    return await readRequest(commandLine, { ...environment, ...directories });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    log.warning(`${error.message}; using the defaults`);
    return readRequest(commandLine, environment);
  }
}

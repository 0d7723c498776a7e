/** What the commands of live answers share: the function, its sources, and what its errors mean to a person. */

import type { Environment } from '../agent/environment.ts';
import { UsageError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { CommandLine } from '../cli.ts';
import { ArgumentError, type LiveFunction } from '../functions/function.ts';
import { FUNCTIONS } from '../functions/index.ts';
import type { Sources } from '../functions/sources.ts';
import { messageWithFix, type ProblemCode, ProblemError } from '../modules/problem.ts';
import { isConfigured } from './catalog.ts';
import { hostContext } from './host_context.ts';
import { kernelSources } from './sources.ts';
import { complain } from './streams.ts';

/** The function behind a command. */
export function functionOf(command: string): LiveFunction {
  const live = FUNCTIONS.find((one) => one.command === command);
  if (live === undefined) throw new Error(`no function for the command ${command}`);
  return live;
}

/**
 * What live answers are found from, with the pools of the configuration.
 *
 * @param isPatient whether a whole table is read, however large.
 * @throws {ConfigError} when a configuration that was named cannot be read or is invalid.
 */
export async function sourcesOf(
  commandLine: CommandLine,
  environment: Environment,
  log: Log,
  isPatient: boolean,
): Promise<Sources> {
  const snatPools = isConfigured(commandLine.command) ? await configuredPools(commandLine, environment, log) : [];
  return { ...kernelSources(hostContext(environment, log)), isPatient, snatPools };
}

/** Loading what reads the configuration takes longer than many an answer. */
async function configuredPools(
  commandLine: CommandLine,
  environment: Environment,
  log: Log,
): Promise<Sources['snatPools']> {
  const { readRequestByHand } = await import('./collecting.ts');
  const { config } = await readRequestByHand(commandLine, environment, log);
  return config.modules.flows.snat_pools;
}

/**
 * Runs a command. A problem with a source is printed with its fix, and the exit code is 1.
 *
 * @throws {UsageError} on a bad argument.
 */
export async function guarded(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    // The message begins with the argument's name.
    if (error instanceof ArgumentError) throw new UsageError(`--${error.message}`);
    if (!(error instanceof ProblemError)) throw error;
    complain(explained(error));
    process.exitCode = 1;
  }
}

const ROOT_HELPS: ReadonlySet<ProblemCode> = new Set(['no_capability', 'namespace_closed', 'namespace_hidden']);

/** What to tell a person about a problem: what is wrong, and what to do. */
export function explained({ problem }: ProblemError): string {
  const message = messageWithFix(problem);
  return ROOT_HELPS.has(problem.code) ? `${message}, or run this command as root` : message;
}

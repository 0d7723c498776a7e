/**
 * Selects the command, and the exit code. Only this file and the commands use `process`.
 *
 * Exit code 0: asked to end, or the agent is gone; the agent may start it again. 1: an unexpected error, or `check`
 * found a failure. 2: the command line, the environment or the configuration is invalid. Until it restarts, the agent
 * disables a plugin that exits with another code than 0 before its first chart.
 */

import { isatty } from 'node:tty';

import { type Environment, readEnvironment } from './agent/environment.ts';
import { UsageError } from './base/errors.ts';
import type { Log } from './base/log.ts';
import { type Command, type CommandLine, HELP, namesCommand, parseCommandLine } from './cli.ts';
import { collect } from './commands/collect.ts';
import { complain, fail, logTo, print, STDERR } from './commands/streams.ts';
import { version } from './version.ts';

type Run = (commandLine: CommandLine, environment: Environment, log: Log) => Promise<void>;

/** Commands for people are loaded on demand: collecting does not need them. */
const COMMANDS: Readonly<Record<Command, () => Promise<Run>>> = {
  collect: async () => collect,
  check: async () => (await import('./commands/check.ts')).check,
  show: async () => (await import('./commands/show.ts')).show,
};

async function main(): Promise<void> {
  const commandLine = parseCommandLine(process.argv.slice(2));
  if (commandLine.help || commandLine.version) {
    print(commandLine.help ? HELP : `conntrack.plugin ${version}\n`);
    return;
  }
  const environment = readEnvironment(process.env);
  const log = logTo(commandLine.debug ? 'debug' : (environment.logLevel ?? 'info'));
  process.on('uncaughtException', (error) => fail(log, error));
  process.on('unhandledRejection', (error) => fail(log, error));
  if (environment.unknownLogLevel !== undefined) {
    log.warning('invalid NETDATA_LOG_LEVEL, using info', { found: environment.unknownLogLevel });
  }
  const run = await COMMANDS[commandLine.command]();
  await run(commandLine, environment, log);
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    if (!(error instanceof UsageError)) fail(logTo('error'), error);
    if (isatty(STDERR) || namesCommand(process.argv.slice(2))) complain(error.message);
    else logTo('error').error(error.message);
    process.exit(2);
  },
);

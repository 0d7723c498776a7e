/**
 * The program: reads what it is told, does what it was asked for, and decides with what code the process ends. Nothing
 * but this file and the commands touches `process`.
 *
 * Exit code 0: asked to end, or the agent is gone; the agent may start it again. 1: it cannot go on, or what is checked
 * does not work.
 */

import { version } from '../package.json';
import { type Command, type CommandLine, HELP, parseCommandLine } from './cli.ts';
import { collect } from './commands/collect.ts';
import { fail, logTo, print } from './commands/streams.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { UsageError } from './errors.ts';
import type { Log } from './log.ts';

type Run = (commandLine: CommandLine, environment: Environment, log: Log) => Promise<void>;

/** What a person asks for is loaded when it is: an agent's plugin need not carry it. */
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
    log.warning('NETDATA_LOG_LEVEL is no level: info is used', { found: environment.unknownLogLevel });
  }
  const run = await COMMANDS[commandLine.command]();
  await run(commandLine, environment, log);
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    const log = logTo('error');
    if (!(error instanceof UsageError)) fail(log, error);
    log.error(error.message);
    process.exit(1);
  },
);

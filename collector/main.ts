/**
 * Selects the command, and the exit code. Only this file and the commands use `process`.
 *
 * Exit code 0: asked to end, or the agent is gone; the agent may start it again. 1: an unexpected error, `check` found a
 * failure, or a live answer cannot be found. 2: the command line, the environment or the configuration is invalid. Until
 * it restarts, the agent disables a plugin that exits with another code than 0 before its first chart.
 */

import { isatty } from 'node:tty';

import { type Environment, readEnvironment } from './agent/environment.ts';
import { UsageError } from './base/errors.ts';
import type { Log } from './base/log.ts';
import { type CommandLine, namesCommand, parseCommandLine } from './cli.ts';
import { COLLECT, COMMANDS, TAIL } from './commands/catalog.ts';
import { HELP, helpOf } from './commands/help.ts';
import { complain, fail, logTo, print, STDERR } from './commands/streams.ts';
import { version } from './version.ts';

type Run = (commandLine: CommandLine, environment: Environment, log: Log) => Promise<void>;

const CHECK = 'check';

/** Loaded on demand: no command needs what another one does. The others are live answers. */
const RUNS: Readonly<Partial<Record<string, () => Promise<Run>>>> = {
  [COLLECT.name]: async () => (await import('./commands/collect.ts')).collect,
  [CHECK]: async () => (await import('./commands/check.ts')).check,
  show: async () => (await import('./commands/show.ts')).show,
  [TAIL.name]: async () => (await import('./commands/tail.ts')).tail,
};

async function runOf(command: string): Promise<Run> {
  return RUNS[command]?.() ?? (await import('./commands/answer.ts')).answer;
}

async function main(): Promise<void> {
  const commandLine = parseCommandLine(process.argv.slice(2));
  if (commandLine.help || commandLine.version) {
    print(commandLine.help ? helpText(commandLine.command) : `conntrack.plugin ${version}\n`);
    return;
  }
  const environment = readEnvironment(process.env);
  const log = logTo(commandLine.debug ? 'debug' : (environment.logLevel ?? 'info'));
  process.on('uncaughtException', (error) => fail(log, error));
  process.on('unhandledRejection', (error) => fail(log, error));
  if (environment.unknownLogLevel !== undefined) {
    log.warning('invalid NETDATA_LOG_LEVEL, using info', { found: environment.unknownLogLevel });
  }
  const run = await runOf(commandLine.command);
  const { command, netns } = commandLine;
  // A namespace is checked from outside.
  if (netns === undefined || command === CHECK) return run(commandLine, environment, log);
  const { runInside } = await import('./commands/enter.ts');
  await runInside(run, { ...commandLine, netns }, environment, log);
}

function helpText(command: string): string {
  const entry = COMMANDS.find(({ name }) => name === command);
  return entry === undefined ? HELP : helpOf(entry);
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

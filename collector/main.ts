/**
 * The program: reads what it is told, wires the parts together, and decides when and how the process ends. Nothing
 * else touches `process`.
 *
 * Exit code 0: asked to end, or the agent is gone; the agent may start it again. 1: it cannot go on.
 */

import fs from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';

import { version } from '../package.json';
import { type CommandLine, HELP, parseCommandLine } from './cli.ts';
import { createCollector } from './collector.ts';
import { loadConfig } from './config.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { describe, errorCode, UsageError } from './errors.ts';
import { answerUnknown } from './functions.ts';
import { createLog, type Level, type Log } from './log.ts';
import { Output } from './output.ts';
import type { Message } from './protocol/messages.ts';
import { readMessages } from './protocol/reader.ts';
import { disable } from './protocol/writer.ts';
import type { Runtime } from './runtime.ts';
import { type Clock, ticks } from './scheduler.ts';

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;

const clock: Clock = {
  wall: () => Date.now(),
  // A third of the price of performance.now(), which matters where a tick costs so little.
  monotonic: () => Number(process.hrtime.bigint()) / 1000,
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

const runtime: Runtime = {
  monotonic: clock.monotonic,
  cpuTime: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  later: (milliseconds, action) => {
    const timer = setTimeout(action, milliseconds);
    return () => clearTimeout(timer);
  },
  yield: () => new Promise((resolve) => setImmediate(resolve)),
};

/** The foreign function library, beside the program. */
const LIBRARY = path.join(__dirname, 'conntrack-koffi');

/**
 * Standard error, for writing that never waits: a pipe that nobody reads would stop the process for good. Opened anew,
 * a pipe can be told not to wait without telling the other processes that share it. A socket, such as the journal's,
 * cannot be opened anew.
 */
function openLog(): number {
  try {
    if (!fs.fstatSync(STDERR).isFIFO()) return STDERR;
    return fs.openSync(`/proc/self/fd/${STDERR}`, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK);
  } catch {
    return STDERR;
  }
}

function logTo(level: Level): Log {
  const descriptor = openLog();
  return createLog({
    level,
    now: clock.wall,
    write: (line) => {
      try {
        fs.writeSync(descriptor, line);
      } catch {
        // A log that cannot be written is no reason to stop measuring.
      }
    },
  });
}

function fail(log: Log, error: unknown): never {
  const cause = error instanceof Error && error.cause !== undefined ? describe(error.cause) : undefined;
  const where = error instanceof Error ? error.stack?.split('\n', 2)[1]?.trim() : undefined;
  log.error(`unexpected: ${describe(error)}`, { cause, where });
  process.exit(1);
}

/** Whether the agent is at the other end of standard input: a person's terminal or `/dev/null` says nothing. */
function isControlled(): boolean {
  try {
    const stdin = fs.fstatSync(STDIN);
    return stdin.isFIFO() || stdin.isSocket();
  } catch {
    return false;
  }
}

function listen(log: Log, output: Output, quit: (why: string) => void): void {
  if (!isControlled()) return;
  const message = (received: Message): void => {
    if (received.kind === 'quit') quit('the agent said QUIT');
    else if (received.kind === 'function') output.answer(answerUnknown(received, clock.wall()));
    else log.debug('unknown line on standard input', { line: received.line.slice(0, 200) });
  };
  readMessages(process.stdin, { message, end: () => quit('standard input ended') });
}

function isReaderGone(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'EPIPE' || code === 'ECONNRESET';
}

/** Prints a text for a person, who may have closed the pipe already. */
function print(text: string): void {
  try {
    fs.writeSync(STDOUT, text);
  } catch (error) {
    if (!isReaderGone(error)) throw error;
  }
}

async function run(commandLine: CommandLine, environment: Environment, log: Log): Promise<void> {
  const { userConfigDir, stockConfigDir, hostPrefix, updateEvery } = environment;
  const { config, file } = loadConfig(fs, commandLine.config, [userConfigDir, stockConfigDir]);
  const every = Math.max(commandLine.interval ?? 1, updateEvery ?? 1, config.update_every);
  log.debug('configured', { file, every, mode: config.mode, host_prefix: hostPrefix || undefined });

  const output = new Output(process.stdout, log);
  const quit = (why: string): void => {
    log.debug(`ending: ${why}`);
    process.exit(0);
  };
  process.stdout.on('error', (error) => {
    if (isReaderGone(error)) quit('standard output is closed');
    else fail(log, error);
  });
  process.on('SIGTERM', () => quit('SIGTERM'));
  process.on('SIGINT', () => quit('SIGINT'));
  listen(log, output, quit);

  const release = os.release();
  const connect = (path: string): Socket => createConnection({ path });
  const collector = createCollector({
    config,
    every,
    hostPrefix,
    release,
    library: LIBRARY,
    fs,
    runtime,
    connect,
    output,
    log,
  });
  if (collector === undefined) {
    log.notice('every module is turned off: nothing to do', { file });
    output.tick(disable());
    await output.flush();
    return;
  }
  let left = commandLine.ticks ?? Number.POSITIVE_INFINITY;
  for await (const tick of ticks(clock, every)) {
    collector.tick(tick);
    if (--left <= 0) break;
  }
  await output.flush();
  collector.close();
}

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
  await run(commandLine, environment, log);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const log = logTo('error');
    if (!(error instanceof UsageError)) fail(log, error);
    log.error(error.message);
    process.exit(1);
  },
);

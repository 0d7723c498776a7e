/** The standard streams of the process, and how it ends when one of them fails. */

import fs from 'node:fs';
import { Output } from '../agent/output.ts';
import { describe, errorCode } from '../base/errors.ts';
import { createLog, type Level, type Log } from '../base/log.ts';
import { clock } from './system.ts';

export const STDIN = 0;
const STDOUT = 1;
export const STDERR = 2;

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

/**
 * Whether standard error is a stream of systemd's journal: the agent's own standard error is one under systemd, and its
 * plugins inherit it where it logs to the journal. Source: `JOURNAL_STREAM` in systemd.exec(5).
 */
function isJournal(): boolean {
  try {
    const { dev, ino } = fs.fstatSync(STDERR);
    return process.env['JOURNAL_STREAM'] === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/** A log on standard error. */
export function logTo(level: Level): Log {
  const descriptor = openLog();
  return createLog({
    level,
    isJournal: isJournal(),
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

/** Prints a usage error for a person to standard error. */
export function complain(message: string): void {
  try {
    fs.writeSync(STDERR, `conntrack.plugin: ${message}\n`);
  } catch {
    // The exit code says it too.
  }
}

/** Ends the process because of what nobody expected, and says what and where. */
export function fail(log: Log, error: unknown): never {
  const cause = error instanceof Error && error.cause !== undefined ? describe(error.cause) : undefined;
  const where = error instanceof Error ? error.stack?.split('\n', 2)[1]?.trim() : undefined;
  log.error(`unexpected: ${describe(error)}`, { cause, where });
  process.exit(1);
}

function isReaderGone(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'EPIPE' || code === 'ECONNRESET';
}

/** Prints a text for a person, who may have closed the pipe already. */
export function print(text: string): void {
  try {
    fs.writeSync(STDOUT, text);
  } catch (error) {
    if (!isReaderGone(error)) throw error;
  }
}

/** Standard output, and what ends the process: a signal, or that nobody reads any more. */
export function openOutput(log: Log, quit: (why: string) => void): Output {
  process.stdout.on('error', (error) => {
    if (isReaderGone(error)) quit('standard output is closed');
    else fail(log, error);
  });
  process.on('SIGTERM', () => quit('SIGTERM'));
  process.on('SIGINT', () => quit('SIGINT'));
  return new Output(process.stdout, log);
}

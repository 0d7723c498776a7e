/** The standard streams of the process, and what happens when one fails. */

import fs from 'node:fs';
import { Output } from '../agent/output.ts';
import { describe, errorCode } from '../base/errors.ts';
import { createLog, type Level, type Log } from '../base/log.ts';
import { clock } from './system.ts';

export const STDIN = 0;
export const STDOUT = 1;
export const STDERR = 2;

/**
 * Standard error, opened so that writing never blocks: a pipe without a reader would otherwise block the process for
 * ever. Reopening a pipe makes it non-blocking for this process only. A socket, such as the journal's, cannot be reopened.
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
 * Whether standard error is a stream of systemd's journal. Under systemd, an agent that logs to the journal passes
 * its stream on to its plugins. Source: `JOURNAL_STREAM` in systemd.exec(5).
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
        // Collecting matters more than logging.
      }
    },
  });
}

/** Prints a usage error for a person to standard error. */
export function complain(message: string): void {
  try {
    fs.writeSync(STDERR, `conntrack.plugin: ${message}\n`);
  } catch {
    // The exit code still shows the error.
  }
}

/** Logs an unexpected error with its place, and ends the process. */
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

/** Prints a text for a person; a closed pipe is not an error. */
export function print(text: string): void {
  try {
    fs.writeSync(STDOUT, text);
  } catch (error) {
    if (!isReaderGone(error)) throw error;
  }
}

/** Calls `quit` when the reader of standard output is gone. */
export function endWithReader(log: Log, quit: () => void): void {
  process.stdout.on('error', (error) => {
    if (isReaderGone(error)) quit();
    else fail(log, error);
  });
}

/** Opens standard output. `quit` is called when its reader is gone, and on SIGTERM and SIGINT. */
export function openOutput(log: Log, quit: (why: string) => void): Output {
  endWithReader(log, () => quit('standard output is closed'));
  process.on('SIGTERM', () => quit('SIGTERM'));
  process.on('SIGINT', () => quit('SIGINT'));
  return new Output(process.stdout, log);
}

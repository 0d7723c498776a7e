/**
 * The command line: `conntrack.plugin [INTERVAL] [--config FILE] [--debug] [--ticks N] [--help] [--version]`.
 */

import minimist from 'minimist';

import { UsageError } from './errors.ts';
import { parseInterval, parseWhole } from './interval.ts';
import { nearest } from './nearest.ts';

export interface CommandLine {
  /** The positional argument, in seconds: the agent passes its own interval here. */
  readonly interval: number | undefined;
  /** `--config FILE`: this file instead of the configuration directories. */
  readonly config: string | undefined;
  /** `--debug`: log everything. */
  readonly debug: boolean;
  /** `--ticks N`: end after N updates. */
  readonly ticks: number | undefined;
  readonly help: boolean;
  readonly version: boolean;
}

/** What `--help` prints. */
export const HELP = `Usage: conntrack.plugin [INTERVAL] [--config FILE] [--debug] [--ticks N] [--help] [--version]

Netdata external collector for Linux connection tracking. The Netdata agent starts it; run by hand it prints the
plugins.d protocol to standard output and its log to standard error until it is interrupted.

  INTERVAL       seconds between updates (the largest of this, NETDATA_UPDATE_EVERY and update_every)
  --config FILE  read this configuration instead of conntrack.conf from Netdata's configuration directories
  --debug        log everything
  --ticks N      end after N updates
  --help         print this text
  --version      print the version
`;

const FLAGS = ['debug', 'help', 'version'] as const;
const VALUES = ['config', 'ticks'] as const;
const MOST_TICKS = 1_000_000_000;

/**
 * Parses the arguments after the program's name.
 *
 * @throws {UsageError} on an unknown option, a bad value, a missing value or more than one interval.
 */
export function parseCommandLine(args: readonly string[]): CommandLine {
  refuseUnknown(args);
  const parsed = minimist([...args], {
    // Named here, `_` keeps its words as written: "1e3" must not become 1000.
    string: ['_', ...VALUES],
    boolean: [...FLAGS],
    unknown: (word) => {
      if (!word.startsWith('-')) return true;
      // A negative number, which minimist takes for options of one letter.
      if (/^-[\d.]/.test(word)) refuseNegative(args, word);
      throw unknownOption(word);
    },
  });

  if (parsed._.length > 1) {
    throw new UsageError(`INTERVAL: found ${parsed._.map((word) => JSON.stringify(word)).join(' ')}, allowed: one`);
  }
  const [interval] = parsed._;
  const ticks = single('ticks', parsed['ticks']);
  return {
    interval: interval === undefined ? undefined : parseInterval('INTERVAL', interval),
    config: single('config', parsed['config']),
    ticks: ticks === undefined ? undefined : parseTicks(ticks),
    debug: parsed['debug'] === true,
    help: parsed['help'] === true,
    version: parsed['version'] === true,
  };
}

/**
 * Refuses what minimist would make something of: options that it does not ask about (`--no-debug`, `--constructor`)
 * and values of options that have none (`--debug=false`, `--debug false`).
 */
function refuseUnknown(args: readonly string[]): void {
  for (const [at, word] of args.entries()) {
    if (!word.startsWith('--') || word === '--') continue;
    const [name = '', value] = word.slice(2).split(/=(.*)/s, 2);
    const isFlag = FLAGS.some((flag) => flag === name);
    if (!isFlag && !VALUES.some((option) => option === name)) throw unknownOption(word);
    const given = value ?? args[at + 1];
    if (isFlag && (value !== undefined || given === 'true' || given === 'false')) {
      throw new UsageError(`--${name}: found ${JSON.stringify(given)}, allowed: no value`);
    }
  }
}

/** Refuses a negative number by the name of what it was given for. */
function refuseNegative(args: readonly string[], word: string): void {
  if (args[args.indexOf(word) - 1] === '--ticks') parseTicks(word);
  parseInterval('INTERVAL', word);
}

function parseTicks(text: string): number {
  return parseWhole('--ticks', text, MOST_TICKS, 'a whole number');
}

function single(name: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value)) throw new UsageError(`--${name}: given ${value.length} times, allowed: once`);
  if (typeof value !== 'string' || value === '') throw new UsageError(`--${name}: found no value, allowed: one value`);
  return value;
}

function unknownOption(word: string): UsageError {
  const name = word.replace(/=.*/s, '');
  const options = [...VALUES, ...FLAGS].map((option) => `--${option}`);
  const near = nearest(name, options);
  const hint = near === undefined ? '' : `, the nearest is ${near}`;
  return new UsageError(`unknown option ${JSON.stringify(name)}${hint}; allowed: ${options.join(', ')}`);
}

/**
 * The command line: `conntrack.plugin [COMMAND] [INTERVAL] [OPTION…]`.
 */

import minimist from 'minimist';

import { UsageError } from './base/errors.ts';
import { parseInterval, parseWhole } from './base/interval.ts';
import { nearest } from './base/nearest.ts';

/** The commands; without one the program collects for an agent. */
export const COMMANDS = ['check', 'show'] as const;

export type Command = (typeof COMMANDS)[number] | 'collect';

export interface CommandLine {
  readonly command: Command;
  /** Seconds between updates; the agent passes its own interval as the only argument. */
  readonly interval: number | undefined;
  /** `--config FILE`: read this file instead of searching the configuration directories. */
  readonly config: string | undefined;
  /** `--debug`: log everything. */
  readonly debug: boolean;
  /** `--ticks N`: end after N updates. */
  readonly ticks: number | undefined;
  /** `--json`: print the report of `check` as JSON. */
  readonly json: boolean;
  readonly help: boolean;
  readonly version: boolean;
}

/** What `--help` prints. */
export const HELP = `Usage: conntrack.plugin [INTERVAL] [--config FILE] [--debug] [--ticks N]
       conntrack.plugin check [--config FILE] [--json]
       conntrack.plugin show [INTERVAL] [--config FILE] [--ticks N]
       conntrack.plugin --help | --version

Netdata external collector for Linux connection tracking. The Netdata agent starts it without a command; it then prints
the plugins.d protocol to standard output and its log to standard error until it is interrupted.

  check          report what works, what does not, and how to fix it; exit code 0 if all enabled modules work
  show           show the charts in the terminal, until Ctrl-C

  INTERVAL       seconds between updates (the largest of this, NETDATA_UPDATE_EVERY and update_every)
  --config FILE  read this configuration instead of conntrack.conf from Netdata's configuration directories
  --debug        log everything
  --ticks N      end after N updates
  --json         report as JSON
  --help         print this text
  --version      print the version
`;

const FLAGS = ['debug', 'json', 'help', 'version'] as const;
const VALUES = ['config', 'ticks'] as const;
const MOST_TICKS = 1_000_000_000;

/** The commands that an option belongs to; the others belong to all. */
const ONLY_WITH: Readonly<Partial<Record<string, readonly Command[]>>> = {
  INTERVAL: ['collect', 'show'],
  '--debug': ['collect'],
  '--ticks': ['collect', 'show'],
  '--json': ['check'],
};

/**
 * Parses the arguments after the program's name.
 *
 * @throws {UsageError} on an unknown option, a bad value, a missing value or more than one interval.
 */
export function parseCommandLine(args: readonly string[]): CommandLine {
  refuseUnknown(args);
  const parsed = minimist([...args], {
    // Listed here, `_` keeps its words as written: "1e3" must not become 1000.
    string: ['_', ...VALUES],
    boolean: [...FLAGS],
    unknown: (word) => {
      if (!word.startsWith('-')) return true;
      // minimist reads a negative number as one-letter options.
      if (/^-[\d.]/.test(word)) refuseNegative(args, word);
      throw unknownOption(word);
    },
  });

  const [first] = parsed._;
  const command = COMMANDS.find((name) => name === first) ?? 'collect';
  const words = command === 'collect' ? parsed._ : parsed._.slice(1);
  if (words.length > 1) {
    throw new UsageError(`expected one interval, got ${words.map((word) => JSON.stringify(word)).join(' and ')}`);
  }
  const [interval] = words;
  const ticks = single('ticks', parsed['ticks']);
  const commandLine: CommandLine = {
    command,
    interval: interval === undefined ? undefined : parseWord(interval, command),
    config: single('config', parsed['config']),
    ticks: ticks === undefined ? undefined : parseTicks(ticks),
    debug: parsed['debug'] === true,
    json: parsed['json'] === true,
    help: parsed['help'] === true,
    version: parsed['version'] === true,
  };
  refuseMisplaced(commandLine);
  return commandLine;
}

/** Whether a person typed these arguments: an agent passes its interval and no command. */
export function namesCommand(args: readonly string[]): boolean {
  return /^[a-z]/i.test(args[0] ?? '') || COMMANDS.some((command) => args.includes(command));
}

/** Parses the interval, which can also be a misspelled command. */
function parseWord(word: string, command: Command): number {
  if (command !== 'collect' || !/^[a-z]/i.test(word)) return parseInterval('INTERVAL', word);
  const near = nearest(word, COMMANDS);
  const hint = near === undefined ? `expected ${COMMANDS.join(', ')} or an interval` : `did you mean "${near}"?`;
  throw new UsageError(`unknown command ${JSON.stringify(word)}; ${hint}`);
}

function refuseMisplaced({ command, debug, interval, json, ticks }: CommandLine): void {
  const given = {
    INTERVAL: interval !== undefined,
    '--debug': debug,
    '--ticks': ticks !== undefined,
    '--json': json,
  };
  for (const [option, isGiven] of Object.entries(given)) {
    const allowed = ONLY_WITH[option];
    if (!isGiven || allowed === undefined || allowed.includes(command)) continue;
    throw new UsageError(
      command === 'collect' ? `${option} needs the command ${allowed.join(' or ')}` : `${command} takes no ${option}`,
    );
  }
}

/**
 * Refuses what minimist accepts: options that it does not report as unknown (`--no-debug`, `--constructor`), and values
 * of options without a value (`--debug=false`, `--debug false`).
 */
function refuseUnknown(args: readonly string[]): void {
  for (const [at, word] of args.entries()) {
    if (!word.startsWith('--') || word === '--') continue;
    const [name = '', value] = word.slice(2).split(/=(.*)/s, 2);
    const isFlag = FLAGS.some((flag) => flag === name);
    if (!isFlag && !VALUES.some((option) => option === name)) throw unknownOption(word);
    const given = value ?? args[at + 1];
    if (isFlag && (value !== undefined || given === 'true' || given === 'false')) {
      throw new UsageError(`--${name} takes no value, got ${JSON.stringify(given)}`);
    }
  }
}

/** Refuses a negative number, naming the argument it was given for. */
function refuseNegative(args: readonly string[], word: string): void {
  if (args[args.indexOf(word) - 1] === '--ticks') parseTicks(word);
  parseInterval('INTERVAL', word);
}

function parseTicks(text: string): number {
  return parseWhole('--ticks', text, MOST_TICKS, 'a whole number');
}

function single(name: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value)) throw new UsageError(`expected --${name} once, got it ${value.length} times`);
  if (typeof value !== 'string' || value === '') throw new UsageError(`--${name} needs a value`);
  return value;
}

function unknownOption(word: string): UsageError {
  const name = word.replace(/=.*/s, '');
  const options = [...VALUES, ...FLAGS].map((option) => `--${option}`);
  const near = nearest(name, options);
  const hint = near === undefined ? `expected one of ${options.join(', ')}` : `did you mean "${near}"?`;
  return new UsageError(`unknown option ${JSON.stringify(name)}; ${hint}`);
}

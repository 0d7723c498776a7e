/**
 * The command line: `conntrack.plugin [COMMAND] [INTERVAL] [OPTION…]`.
 */

import minimist from 'minimist';

import { UsageError } from './base/errors.ts';
import { parseInterval, parseWhole } from './base/interval.ts';
import { nearest } from './base/nearest.ts';
import { COLLECT, COMMANDS, COMMON_OPTIONS, type CommandEntry, type Option } from './commands/catalog.ts';
import type { Arguments } from './functions/function.ts';

export interface CommandLine {
  /** The name of the command; `collect` without one. */
  readonly command: string;
  /** Seconds between updates; the agent passes its own interval as the only argument. */
  readonly interval: number | undefined;
  /** `--config FILE`: read this file instead of searching the configuration directories. */
  readonly config: string | undefined;
  /** `--debug`: log everything. */
  readonly debug: boolean;
  /** `--ticks N`: end after N updates. */
  readonly ticks: number | undefined;
  /** `--json`: print JSON. */
  readonly json: boolean;
  /** `--netns NAME`: run in this network namespace. */
  readonly netns: string | undefined;
  /** The arguments of a live answer, not checked yet. */
  readonly given: Arguments;
  readonly help: boolean;
  readonly version: boolean;
}

const MOST_TICKS = 1_000_000_000;

/**
 * Parses the arguments after the program's name.
 *
 * @throws {UsageError} on an unknown option, a bad value, a missing value or more than one interval.
 */
export function parseCommandLine(args: readonly string[], commands: readonly CommandEntry[] = COMMANDS): CommandLine {
  const known = optionsOf([COLLECT, ...commands]);
  const command = commandIn(args, commands, known);
  refuseUnknown(args, command, known);
  const parsed = minimist([...args], {
    // Listed here, `_` keeps its words as written: "1e3" must not become 1000.
    string: ['_', ...known.filter(({ value }) => value !== undefined).map(({ name }) => name)],
    boolean: known.filter(({ value }) => value === undefined).map(({ name }) => name),
    unknown: (word) => {
      if (!word.startsWith('-')) return true;
      // minimist reads a negative number as one-letter options.
      if (/^-[\d.]/.test(word)) refuseNegative(args, word, known);
      throw unknownOption(word, command);
    },
  });

  const words = command === COLLECT ? parsed._ : parsed._.slice(1);
  if (words.length > 1) {
    throw new UsageError(`expected one interval, got ${words.map((word) => JSON.stringify(word)).join(' and ')}`);
  }
  const values = new Map<string, string>();
  for (const { name, value } of known) {
    const given: unknown = parsed[name];
    if (value === undefined && given === true) values.set(name, 'yes');
    else if (value !== undefined && given !== undefined) values.set(name, single(name, given));
  }
  const [interval] = words;
  const seconds = interval === undefined ? undefined : parseWord(interval, command, commands);
  refuseMisplaced([...(interval === undefined ? [] : ['INTERVAL']), ...values.keys()], command, commands);
  const ticks = values.get('ticks');
  return {
    command: command.name,
    interval: seconds,
    config: values.get('config'),
    ticks: ticks === undefined ? undefined : parseTicks(ticks),
    debug: values.has('debug'),
    json: values.has('json'),
    netns: values.get('netns'),
    given: Object.fromEntries(
      command.options.flatMap(({ isArgument, name }) => {
        const value = values.get(name);
        return isArgument === undefined || value === undefined ? [] : [[name, value]];
      }),
    ),
    help: values.has('help'),
    version: values.has('version'),
  };
}

/** Whether a person typed these arguments: an agent passes its interval and no command. */
export function namesCommand(args: readonly string[]): boolean {
  return /^[a-z]/i.test(args[0] ?? '') || COMMANDS.some(({ name }) => args.includes(name));
}

/** Every option of these commands once. */
function optionsOf(commands: readonly CommandEntry[]): readonly Option[] {
  const all = [...commands.flatMap(({ options }) => options), ...COMMON_OPTIONS];
  return [...new Map(all.map((option) => [option.name, option])).values()];
}

/** The command that the first word names; the options before it are not checked yet. */
function commandIn(args: readonly string[], commands: readonly CommandEntry[], known: readonly Option[]): CommandEntry {
  const takesNext = (word = ''): boolean =>
    known.some(({ name, value }) => value !== undefined && word === `--${name}`);
  const first = args.find((word, at) => !word.startsWith('-') && !takesNext(args[at - 1]));
  return commands.find(({ name }) => name === first) ?? COLLECT;
}

/** Parses the interval, which can also be a misspelled command. */
function parseWord(word: string, command: CommandEntry, commands: readonly CommandEntry[]): number {
  // What looks like a filter, such as an address or `source`, lacks the name of its option.
  if (command.options.some(({ isArgument }) => isArgument) && !/^[+-]?\d*\.?\d*$/.test(word)) {
    const expected = command.interval === undefined ? 'an option' : 'an interval or an option';
    const help = `see conntrack.plugin ${command.name} --help`;
    throw new UsageError(`expected ${expected}, got ${JSON.stringify(word)}; ${help}`);
  }
  if (command !== COLLECT || !/^[a-z]/i.test(word)) return parseInterval('INTERVAL', word);
  const names = commands.map(({ name }) => name);
  const near = nearest(word, names);
  const hint = near === undefined ? `expected ${names.join(', ')} or an interval` : `did you mean "${near}"?`;
  throw new UsageError(`unknown command ${JSON.stringify(word)}; ${hint}`);
}

/** Refuses what the command does not take. */
function refuseMisplaced(given: readonly string[], command: CommandEntry, commands: readonly CommandEntry[]): void {
  for (const name of given) {
    if (takes(command, name)) continue;
    const option = name === 'INTERVAL' ? name : `--${name}`;
    if (command !== COLLECT) throw new UsageError(`${command.name} takes no ${option}`);
    const others = commands.filter((other) => takes(other, name)).map((other) => other.name);
    throw new UsageError(`${option} needs the command ${others.join(' or ')}`);
  }
}

function takes({ interval, options }: CommandEntry, name: string): boolean {
  if (name === 'INTERVAL') return interval !== undefined;
  return [...options, ...COMMON_OPTIONS].some((option) => option.name === name);
}

/**
 * Refuses what minimist accepts: options that it does not report as unknown (`--no-debug`, `--constructor`), and values
 * of options without a value (`--debug=false`, `--debug false`).
 */
function refuseUnknown(args: readonly string[], command: CommandEntry, known: readonly Option[]): void {
  for (const [at, word] of args.entries()) {
    if (!word.startsWith('--') || word === '--') continue;
    const [name = '', value] = word.slice(2).split(/=(.*)/s, 2);
    const option = known.find((one) => one.name === name);
    if (option === undefined) throw unknownOption(word, command);
    const given = value ?? args[at + 1];
    if (option.value === undefined && (value !== undefined || given === 'true' || given === 'false')) {
      throw new UsageError(`--${name} takes no value, got ${JSON.stringify(given)}`);
    }
  }
}

/** Refuses a negative number, naming the argument it was given for. */
function refuseNegative(args: readonly string[], word: string, known: readonly Option[]): void {
  const before = args[args.indexOf(word) - 1];
  const option = known.find(({ name, value }) => value !== undefined && `--${name}` === before);
  if (option?.name === 'ticks') parseTicks(word);
  if (option !== undefined) {
    throw new UsageError(`${before}: expected ${option.allowed ?? option.value}, got ${JSON.stringify(word)}`);
  }
  parseInterval('INTERVAL', word);
}

function parseTicks(text: string): number {
  return parseWhole('--ticks', text, MOST_TICKS, 'a whole number');
}

function single(name: string, value: unknown): string {
  if (Array.isArray(value)) throw new UsageError(`expected --${name} once, got it ${value.length} times`);
  if (typeof value !== 'string' || value === '') throw new UsageError(`--${name} needs a value`);
  return value;
}

function unknownOption(word: string, command: CommandEntry): UsageError {
  const name = word.replace(/=.*/s, '');
  const options = [...command.options, ...COMMON_OPTIONS].map((option) => `--${option.name}`);
  const near = nearest(name, options);
  const hint = near === undefined ? `expected one of ${options.join(', ')}` : `did you mean "${near}"?`;
  return new UsageError(`unknown option ${JSON.stringify(name)}; ${hint}`);
}

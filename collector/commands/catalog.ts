/** The commands and their options, as data: for the command line, its help and the documentation. */

import { FILTERS } from '../functions/filter_parameters.ts';
import type { LiveFunction, Parameter } from '../functions/function.ts';
import { FUNCTIONS } from '../functions/index.ts';

export interface Option {
  /** Without `--`. */
  readonly name: string;
  /** What its value is called in help, such as `FILE`; a flag has none. */
  readonly value?: string;
  /** One line. */
  readonly help: string;
  /** What is allowed, in words. */
  readonly allowed?: string;
  /** Whether it is an argument of a live answer. */
  readonly isArgument?: true;
}

export interface CommandEntry {
  /** `collect` is what the program does without a command. */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** How to read what it prints; a few sentences. */
  readonly details?: string;
  /** What INTERVAL does; not given if the command takes none. */
  readonly interval?: string;
  readonly options: readonly Option[];
}

const CONFIG: Option = {
  name: 'config',
  value: 'FILE',
  help: "read this configuration instead of conntrack.conf from Netdata's configuration directories",
};
const NETNS: Option = {
  name: 'netns',
  value: 'NAME',
  help: 'another network namespace: its name, its path, or the beginning of the id of its container; needs root',
};
const TICKS: Option = { name: 'ticks', value: 'N', help: 'end after N updates' };
const DEBUG: Option = { name: 'debug', help: 'log everything' };
const LINES: Option = { name: 'json', help: 'print one JSON object per line' };

/** Options of every command. */
export const COMMON_OPTIONS: readonly Option[] = [
  { name: 'help', help: 'print this text; after a command, its own options' },
  { name: 'version', help: 'print the version' },
];

export const COLLECT: CommandEntry = {
  name: 'collect',
  summary: 'print the plugins.d protocol for the Netdata agent',
  interval: 'seconds between updates (the largest of this, NETDATA_UPDATE_EVERY and update_every)',
  options: [CONFIG, DEBUG, TICKS],
};

const CHECK: CommandEntry = {
  name: 'check',
  summary: 'report what works, what does not, and how to fix it; exit code 0 if all enabled modules work',
  options: [
    CONFIG,
    {
      ...NETNS,
      help: 'check only this network namespace, in detail: its name, its path, or the beginning of the id of its container',
    },
    { name: 'json', help: 'report as JSON' },
  ],
};

const SHOW: CommandEntry = {
  name: 'show',
  summary: 'show the charts in the terminal, until Ctrl-C',
  interval: 'seconds between updates; if not given, the larger of NETDATA_UPDATE_EVERY and update_every',
  options: [NETNS, CONFIG, TICKS],
};

/** Prints events as they happen, unlike the function of the same command, which returns the latest ones. */
export const TAIL: CommandEntry = {
  name: 'tail',
  summary: 'print new and destroyed connections as they happen, filtered like conntrack -E, until Ctrl-C',
  details:
    'Each line is one event: the local time at which it was read, what happened, protocol, state, source and ' +
    'destination of the first packet, and what NAT makes of them. At the end of a connection, packets and bytes are ' +
    'known with nf_conntrack_acct, the age with nf_conntrack_timestamp. Events that were missed are reported on ' +
    'standard error.',
  options: [...FILTERS.map(argumentOption), NETNS, LINES],
};

/** Whether the answer of a command depends on the configuration: on the pools of source NAT. */
export function isConfigured(command: string): boolean {
  return command === 'nat-ports';
}

/** What the command `top` does without arguments, unlike its function. */
const OVERVIEW =
  'On a terminal and without --by, --limit or --sample, one screen shows the largest sources, destinations, services ' +
  'and states, from a random sample of a large table.';

function answerCommand({ command, help, parameters, summary }: LiveFunction): CommandEntry {
  if (command === TAIL.name) return TAIL;
  return {
    name: command,
    summary: phrase(summary),
    details: command === 'top' ? `${OVERVIEW} ${help}` : help,
    interval: 'seconds until the answer is printed again; once if not given',
    options: [...parameters.map(argumentOption), NETNS, ...(isConfigured(command) ? [CONFIG] : []), TICKS, LINES],
  };
}

function argumentOption({ allowed, help, inCommand = allowed, isFlag, name }: Parameter): Option {
  const option = { name, help: phrase(help), isArgument: true } as const;
  return isFlag ? option : { ...option, value: name.toUpperCase(), allowed: inCommand };
}

/** A sentence as a part of one, in which abbreviations keep their capitals. */
function phrase(sentence: string): string {
  return sentence.replace(/^[A-Z](?![A-Z])/, (letter) => letter.toLowerCase()).replace(/\.$/, '');
}

/** The commands for people, in the order of the help. */
export function commandsWith(functions: readonly LiveFunction[]): readonly CommandEntry[] {
  return [CHECK, SHOW, ...functions.map(answerCommand)];
}

export const COMMANDS = commandsWith(FUNCTIONS);

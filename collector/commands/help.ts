/** What `--help` prints, from the commands as data. */

import { wrap } from '../base/text.ts';
import { COLLECT, COMMANDS, COMMON_OPTIONS, type CommandEntry, type Option } from './catalog.ts';

/** Columns. */
const WIDEST = 120;

const PROGRAM = 'conntrack.plugin';

/** The overview: the commands, and the options of the program without a command. */
export const HELP = overview(COMMANDS);

/** The overview of these commands. */
export function overview(commands: readonly CommandEntry[]): string {
  const usage = [
    `[INTERVAL] ${COLLECT.options.map(inUsage).join(' ')}`,
    'COMMAND [INTERVAL] [OPTION…]',
    'COMMAND --help',
    COMMON_OPTIONS.map(({ name }) => `--${name}`).join(' | '),
  ];
  return text([
    usageOf(usage),
    paragraph(
      'Netdata external collector for Linux connection tracking. The Netdata agent starts it without a command; it then ' +
        'prints the plugins.d protocol to standard output and its log to standard error until it is interrupted.',
    ),
    table(commands.map(({ name, summary }) => [name, summary])),
    table([...operands(COLLECT), ...[...COLLECT.options, ...COMMON_OPTIONS].map(optionRow)]),
  ]);
}

/** The help of one command. */
export function helpOf(command: CommandEntry): string {
  const { details, interval, name, options, summary } = command;
  return text([
    usageOf([`${name}${interval === undefined ? '' : ' [INTERVAL]'} [OPTION…]`]),
    paragraph(sentence(summary)),
    ...(details === undefined ? [] : [paragraph(details)]),
    table([...operands(command), ...[...options, ...COMMON_OPTIONS].map(optionRow)]),
  ]);
}

function text(blocks: readonly (readonly string[])[]): string {
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function usageOf(forms: readonly string[]): readonly string[] {
  return forms.map((form, at) => `${at === 0 ? 'Usage:' : '      '} ${PROGRAM} ${form}`);
}

function paragraph(words: string): readonly string[] {
  return wrap(words, WIDEST);
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1).replace(/\.$/, '')}.`;
}

/** Rows of a name and its explanation, which continues below itself. */
function table(rows: readonly (readonly [string, string])[]): readonly string[] {
  const names = Math.max(...rows.map(([name]) => name.length)) + 4;
  return rows.flatMap(([name, explanation]) =>
    wrap(explanation, WIDEST - names).map((line, at) => (at === 0 ? `  ${name}` : '').padEnd(names) + line),
  );
}

function operands({ interval }: CommandEntry): readonly (readonly [string, string])[] {
  return interval === undefined ? [] : [['INTERVAL', interval]];
}

function optionRow({ allowed, help, name, value }: Option): readonly [string, string] {
  const option = value === undefined ? `--${name}` : `--${name} ${value}`;
  return [option, allowed === undefined ? help : `${help}: ${allowed}`];
}

function inUsage({ name, value }: Option): string {
  return value === undefined ? `[--${name}]` : `[--${name} ${value}]`;
}

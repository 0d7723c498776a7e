/** The manual page conntrack.plugin(1), from the help and the descriptions of the options of conntrack.conf. */

import type { Command, Definition, Help } from './help.ts';
import { type Option, written } from './options.ts';

export interface Manual {
  readonly help: Help;
  readonly commands: readonly Command[];
  /** The options of conntrack.conf, and their descriptions by name. */
  readonly options: readonly Option[];
  readonly descriptions: ReadonlyMap<string, string>;
  readonly version: string;
  /** Its date in seconds since the epoch. */
  readonly time: number;
}

/** The page. Source: man(7). */
export function manualPage({ commands, descriptions, help, options, time, version }: Manual): string {
  const { options: words, paragraphs, usage } = help;
  const [summary = ''] = (paragraphs[0] ?? '').split('. ', 1);
  const date = new Date(time * 1000).toISOString().slice(0, 10);
  const configured = options.map((option) => ({
    term: option.name,
    text: `${descriptions.get(option.name) ?? ''} Default: \`${written(option.default)}\`. Allowed: ${option.allowed}.`,
  }));
  return [
    `.TH CONNTRACK.PLUGIN 1 ${date} "conntrack.plugin ${version}" "User Commands"\n`,
    section('NAME', `conntrack.plugin \\- ${escaped(summary)}`),
    section('SYNOPSIS', usage.map(bold).join('\n.br\n')),
    section('DESCRIPTION', paragraphs.map(escaped).join('\n.PP\n')),
    section('COMMANDS', commands.map(described).join('\n')),
    section('OPTIONS', definitions(words)),
    section(
      'CONFIGURATION',
      `The options of conntrack.conf, with the keys that each is nested under:\n${definitions(configured)}`,
    ),
    section('SEE ALSO', '.BR conntrack (8),\n.BR conntrackd (8)\n.PP\n/usr/share/doc/netdata\\-plugin\\-conntrack'),
  ].join('');
}

function section(title: string, body: string): string {
  return `.SH ${title}\n${body}\n`;
}

/** A command with its options, indented. */
function described({ details, name, options, summary }: Command): string {
  const own = options.map((option) => ({
    term: [`--${option.name}`, option.value].filter(Boolean).join(' '),
    text: option.allowed === undefined ? option.help : `${option.help}: ${option.allowed}`,
  }));
  const list = own.length === 0 ? [] : ['.RS', definitions(own), '.RE'];
  const more = details === undefined ? [] : ['.IP', escaped(details)];
  return [definitions([{ term: name, text: summary }]), ...more, ...list].join('\n');
}

function definitions(list: readonly Definition[]): string {
  return list.map(({ term, text }) => `.TP\n${bold(term)}\n${escaped(text)}`).join('\n');
}

function bold(text: string): string {
  return `\\fB${escaped(text)}\\fR`;
}

/** A text as roff prints it literally, except that code between backticks is bold. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/, '\\&')
    .replaceAll(/`([^`]*)`/g, '\\fB$1\\fR');
}

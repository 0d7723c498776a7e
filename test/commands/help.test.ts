import { describe, expect, it } from 'vitest';

import { COMMANDS, commandsWith } from '../../collector/commands/catalog.ts';
import { HELP, helpOf, overview } from '../../collector/commands/help.ts';
import { EVENTS, TOP } from '../helpers/terminal_answers.ts';

const FAKES = commandsWith([TOP, EVENTS]);

describe('the overview of the commands', () => {
  it('names every command with its summary', () => {
    expect(overview(FAKES)).toContain(
      '\n  top    rank who holds most of the table\n  tail   print new and destroyed connections as',
    );
    for (const { name, summary } of COMMANDS) expect(HELP).toMatch(new RegExp(`\n  ${name} +${summary.slice(0, 30)}`));
  });

  it('names the interval and every option of the program without a command', () => {
    for (const word of ['INTERVAL', '--config FILE', '--debug', '--ticks N', '--help', '--version']) {
      expect(HELP).toContain(`\n  ${word} `);
    }
  });

  it('fits a terminal and ends with a newline', () => {
    expect(HELP).toMatch(/[^\n]\n$/);
    expect(Math.max(...HELP.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  });
});

describe('the help of a command', () => {
  it('explains the answer and each of its options', () => {
    const [, , top] = FAKES;
    expect(top && helpOf(top)).toBe(`Usage: conntrack.plugin top [INTERVAL] [OPTION…]

Rank who holds most of the table.

On a terminal and without --by, --limit or --sample, one screen shows the largest sources, destinations, services and
states, from a random sample of a large table. Shows the largest first.

  INTERVAL       seconds until the answer is printed again; once if not given
  --by BY        what to rank: source or zone
  --limit LIMIT  ICMP rows to show: a whole number from 1 to 500
  --unreplied    only connections without a reply
  --netns NAME   another network namespace: its name, its path, or the beginning of the id of its container; needs root
  --ticks N      end after N updates
  --json         print one JSON object per line
  --help         print this text; after a command, its own options
  --version      print the version
`);
  });

  it('has no interval where the command takes none', () => {
    const tail = FAKES.at(-1);
    expect(tail && helpOf(tail)).toMatch(/^Usage: conntrack.plugin tail \[OPTION…\]\n(?!.*INTERVAL)/s);
  });

  it('fits a terminal for every command', () => {
    const lines = COMMANDS.flatMap((command) => helpOf(command).split('\n'));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120);
  });
});

describe('the options', () => {
  it('have a value in every command that takes them, or in none', () => {
    const options = COMMANDS.flatMap((command) => command.options);
    const kinds = new Set(options.map(({ name, value }) => `${name} ${value === undefined}`));
    expect(kinds.size).toBe(new Set(options.map(({ name }) => name)).size);
  });
});

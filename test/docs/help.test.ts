/** The parts of the help, from which the manual page and the completion are made. */

import { describe, expect, it } from 'vitest';

import { COMMANDS } from '../../collector/commands/catalog.ts';
import { HELP } from '../../collector/commands/help.ts';
import { commonOptions, parseHelp } from '../../docs/generate/help.ts';

const TEXT = `Usage: program [INTERVAL] [--loud]
       program list [--by FIELD]

What it is. It is
started by hand.

  list           print entries,
                 one per line
  watch-forever-and-longer
                 print them again

  INTERVAL       seconds
  --by FIELD     sort by it
  --loud         print all

Read more elsewhere.
`;

describe('the help', () => {
  it('has the ways to call the program, paragraphs, commands and options', () => {
    expect(parseHelp(TEXT)).toEqual({
      usage: ['program [INTERVAL] [--loud]', 'program list [--by FIELD]'],
      paragraphs: ['What it is. It is started by hand.', 'Read more elsewhere.'],
      commands: [
        { term: 'list', text: 'print entries, one per line' },
        { term: 'watch-forever-and-longer', text: 'print them again' },
      ],
      options: [
        { term: 'INTERVAL', text: 'seconds' },
        { term: '--by FIELD', text: 'sort by it' },
        { term: '--loud', text: 'print all' },
      ],
    });
  });

  it('has the options that the usage names without a command', () => {
    expect(commonOptions(parseHelp(TEXT))).toEqual([{ name: 'loud', help: 'print all' }]);
  });

  it('is rejected if a list begins with a line that continues nothing; the error shows the line', () => {
    expect(() => parseHelp('Usage: program\n\n      lost\n')).toThrow(
      'found the line "      lost", expected two blanks',
    );
  });

  it('of the program describes every command and every option of its usage', () => {
    const { commands, options, usage } = parseHelp(HELP);
    expect(commands.map(({ term }) => term)).toEqual(COMMANDS.map(({ name }) => name));
    const named = new Set(usage.flatMap((line) => line.match(/--[a-z-]+/g) ?? []));
    const described = options.map(({ term }) => term.replace(/ .*/, '')).filter((term) => term.startsWith('--'));
    expect([...named].sort()).toEqual(described.sort());
  });
});

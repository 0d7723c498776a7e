/** When a configuration file is parsed at all. */

import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';

import { loadConfig } from '../../collector/config/load.ts';
import { defaultConfig } from '../../collector/config/schema.ts';

vi.mock('../../collector/config/parse.ts', () => ({
  parseConfig: (_file: string, text: string) => {
    throw new Error(`parsed ${JSON.stringify(text)}`);
  },
}));

const load = (text: string): Promise<unknown> => loadConfig({ readFileSync: () => text }, '/asked.conf', []);

describe('a configuration file', () => {
  it.each([
    ['is empty', ''],
    ['has only blanks', ' \n\t\r\n\n'],
    ['has only comments', '# mode: basic\n  # source: north\r\n\t#\n#'],
    ['is the stock one', readFileSync('collector/conntrack.conf', 'utf8')],
  ])('that %s means the defaults, without the parser, whose loading takes time', async (_what, text) => {
    expect(await load(text)).toEqual({ config: defaultConfig(), file: '/asked.conf' });
  });

  it.each([
    ['a setting', 'mode: basic'],
    ['an indented setting after a comment', '# comment\n \tmode: basic'],
    ['a setting with a comment', 'mode: basic # comment'],
    ['the start of a document', '# comment\n---\n'],
    ['a character that YAML does not allow', '# comment\n\u0001'],
    ['a blank that is none in YAML', '\u00a0'],
  ])('that has %s is parsed', async (_what, text) => {
    await expect(load(text)).rejects.toThrow(`parsed ${JSON.stringify(text)}`);
  });
});

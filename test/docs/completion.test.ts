/** The completion, as bash runs it. */

import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

import { bashCompletion } from '../../docs/generate/completion.ts';

const SCRIPT = bashCompletion({
  usage: [
    'conntrack.plugin [INTERVAL] [--config FILE] [--ticks N]',
    'conntrack.plugin list [--by FIELD] [--config FILE] [--json]',
    'conntrack.plugin --help | --version',
  ],
  paragraphs: [],
  commands: [
    { term: 'list', text: '' },
    { term: 'watch', text: '' },
  ],
  options: [],
});

describe.skipIf(spawnSync('bash', ['--version']).status !== 0)('the completion in bash', () => {
  /** What it offers for the last of these words. */
  function offers(...words: string[]): string[] {
    const ask = `compopt() { :; }
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _conntrack_plugin; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const run = spawnSync('bash', ['-c', `${SCRIPT}${ask}`, 'conntrack.plugin', 'conntrack.plugin', ...words], {
      encoding: 'utf8',
      cwd: 'fixtures',
    });
    expect(run.stderr).toBe('');
    return run.stdout.split('\n').filter(Boolean);
  }

  it.each([
    ['commands and the options of collecting', [''], ['list', 'watch', '--config', '--ticks', '--help', '--version']],
    ['the command that begins so', ['li'], ['list']],
    ['the options of a command', ['list', '--'], ['--by', '--config', '--json']],
    ['the options of a command after one of them', ['list', '--json', '--b'], ['--by']],
    ['nothing for a command without options', ['watch', ''], []],
    ['files for the value of an option that takes one', ['--config', 'READ'], ['README.md']],
    ['nothing for other values', ['--ticks', ''], []],
  ])('offers %s', (_, words, expected) => {
    expect(offers(...words)).toEqual(expected);
  });
});

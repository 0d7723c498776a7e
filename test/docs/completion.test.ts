/** The completion, as bash runs it. */

import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

import { bashCompletion } from '../../docs/generate/completion.ts';

const CONFIG = { name: 'config', value: 'FILE', help: '' };

const SCRIPT = bashCompletion(
  [
    {
      name: 'list',
      summary: '',
      options: [{ name: 'by', value: 'FIELD', help: '' }, CONFIG, { name: 'json', help: '' }],
    },
    { name: 'watch', summary: '', options: [] },
  ],
  [CONFIG, { name: 'ticks', value: 'N', help: '' }, { name: 'help', help: '' }],
);

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
    ['commands and the options of collecting', [''], ['list', 'watch', '--config', '--ticks', '--help']],
    ['the command that begins so', ['li'], ['list']],
    ['the options of a command', ['list', '--'], ['--by', '--config', '--json']],
    ['the options of a command after one of them', ['list', '--json', '--b'], ['--by']],
    ['nothing for a command without options', ['watch', ''], []],
    ['files for the value of an option that takes one', ['--config', 'READ'], ['README.md']],
    ['nothing for other values', ['--ticks', ''], []],
    ['nothing for other values of a command', ['list', '--by', ''], []],
  ])('offers %s', (_, words, expected) => {
    expect(offers(...words)).toEqual(expected);
  });
});

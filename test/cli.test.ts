import { describe, expect, it } from 'vitest';

import { HELP, parseCommandLine } from '../collector/cli.ts';
import { UsageError } from '../collector/errors.ts';

const NOTHING = {
  command: 'collect',
  interval: undefined,
  config: undefined,
  ticks: undefined,
  debug: false,
  json: false,
  help: false,
  version: false,
};

const OPTIONS = '--config, --ticks, --debug, --json, --help, --version';

describe('the command line', () => {
  it.each([
    ['is empty', [], {}],
    ['has what the agent passes', ['1'], { interval: 1 }],
    ['has the longest interval', ['86400'], { interval: 86_400 }],
    ['has an interval after --', ['--', '5'], { interval: 5 }],
    ['has --debug', ['--debug'], { debug: true }],
    ['has --help', ['--help'], { help: true }],
    ['has --version', ['--version'], { version: true }],
    ['has a flag twice', ['--debug', '--debug'], { debug: true }],
    ['has --config and a file', ['--config', '/srv/my own.conf'], { config: '/srv/my own.conf' }],
    ['has --config=file', ['--config=x=y.conf'], { config: 'x=y.conf' }],
    ['has a configuration that looks like a number', ['--config', '007'], { config: '007' }],
    ['has --ticks and a number', ['--ticks', '12'], { ticks: 12 }],
    ['has --ticks=number', ['--ticks=1000000000'], { ticks: 1_000_000_000 }],
    [
      'has everything, in any order',
      ['--ticks', '3', '9', '--version', '--config', 'c', '--help', '--debug'],
      { ticks: 3, interval: 9, version: true, config: 'c', help: true, debug: true },
    ],
    ['has a number before an option', ['2', '--ticks', '4'], { interval: 2, ticks: 4 }],
    ['has a number after a flag', ['--debug', '6'], { debug: true, interval: 6 }],
    ['asks for a check', ['check'], { command: 'check' }],
    [
      'asks for a check for machines',
      ['check', '--json', '--config', 'c'],
      { command: 'check', json: true, config: 'c' },
    ],
    ['has an option before the command', ['--json', 'check'], { command: 'check', json: true }],
    ['asks to show', ['show'], { command: 'show' }],
    ['asks to show, how often and how long', ['show', '7', '--ticks=3'], { command: 'show', interval: 7, ticks: 3 }],
  ])('is understood when it %s', (_what, args, expected) => {
    expect(parseCommandLine(args)).toEqual({ ...NOTHING, ...expected });
  });

  it.each([
    ['0', '"0"'],
    ['86401', '"86401"'],
    ['1e3', '"1e3"'],
    ['0x10', '"0x10"'],
    ['1.5', '"1.5"'],
    ['-1', '"-1"'],
    ['-.5', '"-.5"'],
    ['', '""'],
  ])('with the interval %j says what was found and what is allowed', (word, found) => {
    expect(() => parseCommandLine([word])).toThrow(
      new UsageError(`INTERVAL: found ${found}, allowed: whole seconds from 1 to 86400`),
    );
  });

  it.each([
    ['chek', ', the nearest is check'],
    ['Shows', ', the nearest is show'],
    ['often', ''],
  ])('with the word %j names the commands, and the nearest', (word, nearest) => {
    expect(() => parseCommandLine([word])).toThrow(
      new UsageError(`unknown command "${word}"${nearest}; allowed: check, show, or INTERVAL`),
    );
  });

  it.each([
    [['check', '5'], 'INTERVAL: found with check, allowed with: no command, show'],
    [['check', '--ticks', '2'], '--ticks: found with check, allowed with: no command, show'],
    [['show', '--json'], '--json: found with show, allowed with: check'],
    [['1', '--json'], '--json: found with no command, allowed with: check'],
    [['show', '--debug'], '--debug: found with show, allowed with: no command'],
    [['show', '2', '3'], 'INTERVAL: found "2" "3", allowed: one'],
    [['show', 'check'], 'INTERVAL: found "check", allowed: whole seconds from 1 to 86400'],
  ])('refuses %j, which means nothing', (args, message) => {
    expect(() => parseCommandLine(args)).toThrow(new UsageError(message));
  });

  it('with two intervals says so', () => {
    expect(() => parseCommandLine(['1', '--debug', '2'])).toThrow(
      new UsageError('INTERVAL: found "1" "2", allowed: one'),
    );
  });

  it.each([
    ['0', '"0"'],
    ['1000000001', '"1000000001"'],
    ['1.5', '"1.5"'],
    ['1e3', '"1e3"'],
    ['all', '"all"'],
  ])('with --ticks %s says what was found and what is allowed', (word, found) => {
    expect(() => parseCommandLine(['--ticks', word])).toThrow(
      new UsageError(`--ticks: found ${found}, allowed: a whole number from 1 to 1000000000`),
    );
  });

  it.each([
    ['--config', ['--config']],
    ['--config', ['--config=']],
    ['--config', ['--config', '']],
    ['--config', ['--config', '--debug']],
    ['--ticks', ['--ticks']],
    ['--ticks', ['--ticks=']],
  ])('that lacks the value of %s in %j says so', (option, args) => {
    expect(() => parseCommandLine(args)).toThrow(new UsageError(`${option}: found no value, allowed: one value`));
  });

  it.each([
    ['--config', 2, ['--config', 'a', '--config', 'b']],
    ['--ticks', 3, ['--ticks', '1', '--ticks=2', '--ticks', '3']],
  ])('that gives %s %d times says so', (option, times, args) => {
    expect(() => parseCommandLine(args)).toThrow(new UsageError(`${option}: given ${times} times, allowed: once`));
  });

  it.each([
    ['--debug', 'true', ['--debug=true']],
    ['--help', 'no', ['--help=no']],
    ['--version', '1', ['--version=1']],
    ['--debug', '', ['--debug=']],
    ['--debug', 'false', ['--debug', 'false']],
    ['--help', 'true', ['1', '--help', 'true']],
  ])('that gives the flag %s the value %j says so', (flag, value, args) => {
    expect(() => parseCommandLine(args)).toThrow(
      new UsageError(`${flag}: found ${JSON.stringify(value)}, allowed: no value`),
    );
  });

  it.each(['--constructor', '--toString', '--__proto__', '--__proto__.debug=1', '--no-debug'])(
    'that means something to JavaScript but not here is refused: %s',
    (word) => {
      expect(() => parseCommandLine([word])).toThrow(/^unknown option/);
    },
  );

  it('that gives a negative number names the option that it belongs to', () => {
    expect(() => parseCommandLine(['--ticks', '-5'])).toThrow(/^--ticks: found "-5"/);
    expect(() => parseCommandLine(['-5'])).toThrow(/^INTERVAL: found "-5"/);
  });

  it.each([
    ['--conf', '--config'],
    ['--tick', '--ticks'],
    ['--Debug', '--debug'],
    ['--hlep', '--help'],
    ['--verison', '--version'],
  ])('with %s names the nearest option', (word, near) => {
    expect(() => parseCommandLine([word])).toThrow(
      new UsageError(`unknown option "${word}", the nearest is ${near}; allowed: ${OPTIONS}`),
    );
  });

  it.each([
    ['--colour', '--colour'],
    ['--colour=always', '--colour'],
    ['-d', '-d'],
    ['-', '-'],
    ['--no-debug', '--no-debug'],
    ['--no-config', '--no-config'],
    ['--config.file', '--config.file'],
  ])('with %s says that there is no such option', (word, name) => {
    const unknown = `unknown option "${name}"`;
    expect(() => parseCommandLine([word, 'x'])).toThrow(UsageError);
    expect(() => parseCommandLine([word, 'x'])).toThrow(unknown);
  });
});

describe('the help', () => {
  it('tells of every option and of the interval', () => {
    for (const word of ['INTERVAL', '--config FILE', '--debug', '--ticks N', '--help', '--version']) {
      expect(HELP).toContain(`\n  ${word} `);
    }
  });

  it('fits a terminal and ends with a newline', () => {
    expect(HELP.endsWith('\n')).toBe(true);
    expect(Math.max(...HELP.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  });
});

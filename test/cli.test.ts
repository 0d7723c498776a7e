import { describe, expect, it } from 'vitest';
import { UsageError } from '../collector/base/errors.ts';
import { type CommandLine, namesCommand, parseCommandLine } from '../collector/cli.ts';
import { commandsWith } from '../collector/commands/catalog.ts';
import { EVENTS, TOP } from './helpers/live_function.ts';

const NOTHING = {
  command: 'collect',
  interval: undefined,
  config: undefined,
  ticks: undefined,
  debug: false,
  json: false,
  given: {},
  help: false,
  version: false,
};

const OPTIONS = '--config, --debug, --ticks, --help, --version';

const COMMANDS = commandsWith([TOP, EVENTS]);

function parsed(args: readonly string[]): CommandLine {
  return parseCommandLine(args, COMMANDS);
}

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
    ['asks for a live answer', ['top'], { command: 'top' }],
    [
      'asks for a live answer with arguments',
      ['top', '--by', '10.0.0.1/8', '5', '--unreplied', '--limit=007', '--json', '--ticks', '2'],
      {
        command: 'top',
        given: { by: '10.0.0.1/8', unreplied: 'yes', limit: '007' },
        interval: 5,
        json: true,
        ticks: 2,
      },
    ],
    ['asks for the help of a live answer', ['top', '--help'], { command: 'top', help: true }],
  ])('is understood when it %s', (_what, args, expected) => {
    expect(parsed(args)).toEqual({ ...NOTHING, ...expected });
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
  ])('with the interval %j says what is expected and what was given', (word, found) => {
    expect(() => parsed([word])).toThrow(
      new UsageError(`INTERVAL: expected whole seconds from 1 to 86400, got ${found}`),
    );
  });

  it.each([
    ['chek', 'did you mean "check"?'],
    ['Shows', 'did you mean "show"?'],
    ['often', 'expected check, show, top, tail or an interval'],
  ])('with the word %j names the nearest command, or all if none is near', (word, hint) => {
    expect(() => parsed([word])).toThrow(new UsageError(`unknown command "${word}"; ${hint}`));
  });

  it.each([
    [['check', '5'], 'check takes no INTERVAL'],
    [['check', '--ticks', '2'], 'check takes no --ticks'],
    [['show', '--json'], 'show takes no --json'],
    [['1', '--json'], '--json needs the command check or top or tail'],
    [['1', '--by', 'zone'], '--by needs the command top'],
    [['check', '--by', 'zone'], 'check takes no --by'],
    [['tail', '--by', 'zone'], 'tail takes no --by'],
    [['tail', '5'], 'tail takes no INTERVAL'],
    [['top', '--config', 'c'], 'top takes no --config'],
    [['show', '--debug'], 'show takes no --debug'],
    [['show', '2', '3'], 'expected one interval, got "2" and "3"'],
    [['show', 'check'], 'INTERVAL: expected whole seconds from 1 to 86400, got "check"'],
  ])('refuses %j, which means nothing', (args, message) => {
    expect(() => parsed(args)).toThrow(new UsageError(message));
  });

  it('with two intervals says so', () => {
    expect(() => parsed(['1', '--debug', '2'])).toThrow(new UsageError('expected one interval, got "1" and "2"'));
  });

  it.each([
    ['0', '"0"'],
    ['1000000001', '"1000000001"'],
    ['1.5', '"1.5"'],
    ['1e3', '"1e3"'],
    ['all', '"all"'],
  ])('with --ticks %s says what is expected and what was given', (word, found) => {
    expect(() => parsed(['--ticks', word])).toThrow(
      new UsageError(`--ticks: expected a whole number from 1 to 1000000000, got ${found}`),
    );
  });

  it.each([
    ['--config', ['--config']],
    ['--config', ['--config=']],
    ['--config', ['--config', '']],
    ['--config', ['--config', '--debug']],
    ['--ticks', ['--ticks']],
    ['--ticks', ['--ticks=']],
    ['--by', ['top', '--by']],
    ['--by', ['top', '--by', '--json']],
  ])('that lacks the value of %s in %j says so', (option, args) => {
    expect(() => parsed(args)).toThrow(new UsageError(`${option} needs a value`));
  });

  it.each([
    ['--config', 2, ['--config', 'a', '--config', 'b']],
    ['--ticks', 3, ['--ticks', '1', '--ticks=2', '--ticks', '3']],
    ['--by', 2, ['top', '--by', 'zone', '--by', 'zone']],
  ])('that gives %s %d times says so', (option, times, args) => {
    expect(() => parsed(args)).toThrow(new UsageError(`expected ${option} once, got it ${times} times`));
  });

  it.each([
    ['--debug', 'true', ['--debug=true']],
    ['--help', 'no', ['--help=no']],
    ['--version', '1', ['--version=1']],
    ['--debug', '', ['--debug=']],
    ['--debug', 'false', ['--debug', 'false']],
    ['--help', 'true', ['1', '--help', 'true']],
    ['--unreplied', 'false', ['top', '--unreplied', 'false']],
  ])('that gives the flag %s the value %j says so', (flag, value, args) => {
    expect(() => parsed(args)).toThrow(new UsageError(`${flag} takes no value, got ${JSON.stringify(value)}`));
  });

  it.each(['--constructor', '--toString', '--__proto__', '--__proto__.debug=1', '--no-debug'])(
    'that means something to JavaScript but not here is refused: %s',
    (word) => {
      expect(() => parsed([word])).toThrow(/^unknown option/);
    },
  );

  it('that gives a negative number names the option that it belongs to', () => {
    expect(() => parsed(['--ticks', '-5'])).toThrow(/^--ticks: expected .*, got "-5"$/);
    expect(() => parsed(['top', '--limit', '-5'])).toThrow(
      new UsageError('--limit: expected a whole number from 1 to 500, got "-5"'),
    );
    expect(() => parsed(['--config', '-5'])).toThrow(new UsageError('--config: expected FILE, got "-5"'));
    expect(() => parsed(['-5'])).toThrow(/^INTERVAL: expected .*, got "-5"$/);
  });

  it.each([
    ['--conf', '--config'],
    ['--tick', '--ticks'],
    ['--Debug', '--debug'],
    ['--hlep', '--help'],
    ['--verison', '--version'],
  ])('with %s names the nearest option', (word, near) => {
    expect(() => parsed([word])).toThrow(new UsageError(`unknown option "${word}"; did you mean "${near}"?`));
  });

  it('with an unknown option of a command names those of the command', () => {
    expect(() => parsed(['top', '--bye', 'zone'])).toThrow(
      new UsageError('unknown option "--bye"; did you mean "--by"?'),
    );
    expect(() => parsed(['top', '--colour'])).toThrow(
      /expected one of --by, --limit, --unreplied, --ticks, --json, --help, --version$/,
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
    const unknown = new UsageError(`unknown option "${name}"; expected one of ${OPTIONS}`);
    expect(() => parsed([word, 'x'])).toThrow(UsageError);
    expect(() => parsed([word, 'x'])).toThrow(unknown);
  });
});

describe('the words', () => {
  it.each([[['check']], [['chek', '--json']], [['--json', 'check']], [['show', '1']], [['Check']]])(
    '%j name a command, which only a person does',
    (words) => {
      expect(namesCommand(words)).toBe(true);
    },
  );

  it.each([[[]], [['1']], [['5', '--tick', '5']], [['0', 'loud']], [['--config', 'show.conf']]])(
    '%j can be those of an agent',
    (words) => {
      expect(namesCommand(words)).toBe(false);
    },
  );
});

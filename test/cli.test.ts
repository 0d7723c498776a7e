import { describe, expect, it } from 'vitest';
import { UsageError } from '../collector/base/errors.ts';
import { type CommandLine, namesCommand, parseCommandLine } from '../collector/cli.ts';
import { commandsWith } from '../collector/commands/catalog.ts';
import { EVENTS, TOP } from './helpers/terminal_answers.ts';

const NOTHING = {
  command: 'collect',
  interval: undefined,
  config: undefined,
  ticks: undefined,
  debug: false,
  json: false,
  netns: undefined,
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
    ['has the argument that the agent passes', ['1'], { interval: 1 }],
    ['has the longest interval', ['86400'], { interval: 86_400 }],
    ['has an interval after --', ['--', '5'], { interval: 5 }],
    ['has --debug', ['--debug'], { debug: true }],
    ['has --help', ['--help'], { help: true }],
    ['has --version', ['--version'], { version: true }],
    ['has a flag twice', ['--debug', '--debug'], { debug: true }],
    ['has --config and a file', ['--config', '/srv/my own.conf'], { config: '/srv/my own.conf' }],
    ['has --config=file', ['--config=x=y.conf'], { config: 'x=y.conf' }],
    ['has a file that looks like a number', ['--config', '007'], { config: '007' }],
    ['has --netns and a name', ['top', '--netns', 'blue'], { command: 'top', netns: 'blue' }],
    ['has --ticks and a number', ['--ticks', '12'], { ticks: 12 }],
    ['has --ticks=number', ['--ticks=1000000000'], { ticks: 1_000_000_000 }],
    [
      'has everything, in any order',
      ['--ticks', '3', '9', '--version', '--config', 'c', '--help', '--debug'],
      { ticks: 3, interval: 9, version: true, config: 'c', help: true, debug: true },
    ],
    ['has a number before an option', ['2', '--ticks', '4'], { interval: 2, ticks: 4 }],
    ['has a number after a flag', ['--debug', '6'], { debug: true, interval: 6 }],
    ['has the command check', ['check'], { command: 'check' }],
    [
      'has the command check with options',
      ['check', '--json', '--config', 'c'],
      { command: 'check', json: true, config: 'c' },
    ],
    ['has an option before the command', ['--json', 'check'], { command: 'check', json: true }],
    ['has the command show', ['show'], { command: 'show' }],
    [
      'has the command show with an interval and a number of updates',
      ['show', '7', '--ticks=3'],
      { command: 'show', interval: 7, ticks: 3 },
    ],
    ['has the command of a live answer', ['top'], { command: 'top' }],
    [
      'has the command of a live answer with arguments',
      ['top', '--by', '10.0.0.1/8', '5', '--unreplied', '--limit=007', '--json', '--ticks', '2'],
      {
        command: 'top',
        given: { by: '10.0.0.1/8', unreplied: 'yes', limit: '007' },
        interval: 5,
        json: true,
        ticks: 2,
      },
    ],
    ['has --help after the command of a live answer', ['top', '--help'], { command: 'top', help: true }],
  ])('is parsed if it %s', (_what, args, expected) => {
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
  ])('is refused with the interval %j, saying what is expected', (word, found) => {
    expect(() => parsed([word])).toThrow(
      new UsageError(`INTERVAL: expected whole seconds from 1 to 86400, got ${found}`),
    );
  });

  it.each([
    ['chek', 'did you mean "check"?'],
    ['Shows', 'did you mean "show"?'],
    ['often', 'expected check, show, top, tail or an interval'],
  ])('is refused with the word %j, suggesting the nearest command, or all if none is near', (word, hint) => {
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
    [['top', 'source'], 'expected an interval or an option, got "source"; see conntrack.plugin top --help'],
    [['tail', '10.0.0.1'], 'expected an option, got "10.0.0.1"; see conntrack.plugin tail --help'],
    [['top', '0.5'], 'INTERVAL: expected whole seconds from 1 to 86400, got "0.5"'],
    [['top', '--config', 'c'], 'top takes no --config'],
    [['show', '--debug'], 'show takes no --debug'],
    [['show', '2', '3'], 'expected one interval, got "2" and "3"'],
    [['show', 'check'], 'INTERVAL: expected whole seconds from 1 to 86400, got "check"'],
  ])('is refused if its words do not go together: %j', (args, message) => {
    expect(() => parsed(args)).toThrow(new UsageError(message));
  });

  it('is refused with two intervals', () => {
    expect(() => parsed(['1', '--debug', '2'])).toThrow(new UsageError('expected one interval, got "1" and "2"'));
  });

  it.each([
    ['0', '"0"'],
    ['1000000001', '"1000000001"'],
    ['1.5', '"1.5"'],
    ['1e3', '"1e3"'],
    ['all', '"all"'],
  ])('is refused with --ticks %s, saying what is expected', (word, found) => {
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
  ])('is refused if %s lacks its value: %j', (option, args) => {
    expect(() => parsed(args)).toThrow(new UsageError(`${option} needs a value`));
  });

  it.each([
    ['--config', 2, ['--config', 'a', '--config', 'b']],
    ['--ticks', 3, ['--ticks', '1', '--ticks=2', '--ticks', '3']],
    ['--by', 2, ['top', '--by', 'zone', '--by', 'zone']],
  ])('is refused with %s %d times', (option, times, args) => {
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
  ])('is refused if the flag %s has the value %j', (flag, value, args) => {
    expect(() => parsed(args)).toThrow(new UsageError(`${flag} takes no value, got ${JSON.stringify(value)}`));
  });

  it.each(['--constructor', '--toString', '--__proto__', '--__proto__.debug=1', '--no-debug'])(
    'is refused with an unknown option that JavaScript or minimist gives a meaning: %s',
    (word) => {
      expect(() => parsed([word])).toThrow(/^unknown option/);
    },
  );

  it('is refused with a negative number, naming the option that it belongs to', () => {
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
  ])('is refused with %s, suggesting the nearest option', (word, near) => {
    expect(() => parsed([word])).toThrow(new UsageError(`unknown option "${word}"; did you mean "${near}"?`));
  });

  it('is refused with an unknown option of a command, naming those of the command', () => {
    expect(() => parsed(['top', '--bye', 'zone'])).toThrow(
      new UsageError('unknown option "--bye"; did you mean "--by"?'),
    );
    expect(() => parsed(['top', '--colour'])).toThrow(
      /expected one of --by, --limit, --unreplied, --netns, --ticks, --json, --help, --version$/,
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
  ])('is refused with %s, listing all options', (word, name) => {
    const unknown = new UsageError(`unknown option "${name}"; expected one of ${OPTIONS}`);
    expect(() => parsed([word, 'x'])).toThrow(UsageError);
    expect(() => parsed([word, 'x'])).toThrow(unknown);
  });
});

describe('namesCommand', () => {
  it.each([[['check']], [['chek', '--json']], [['--json', 'check']], [['show', '1']], [['Check']]])(
    'is true of %j, which only a person types',
    (words) => {
      expect(namesCommand(words)).toBe(true);
    },
  );

  it.each([[[]], [['1']], [['5', '--tick', '5']], [['0', 'loud']], [['--config', 'show.conf']]])(
    'is false of %j, which an agent could pass',
    (words) => {
      expect(namesCommand(words)).toBe(false);
    },
  );
});

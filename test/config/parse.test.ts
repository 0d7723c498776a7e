import { describe, expect, it } from 'vitest';

import { ConfigError } from '../../collector/config/error.ts';
import { parseConfig } from '../../collector/config/parse.ts';
import { defaultConfig } from '../../collector/config/schema.ts';
import { refusal } from '../helpers/refusal.ts';

const INTERVAL = 'whole seconds from 1 to 86400';
const MODE = 'basic or advanced';
const SOURCE = 'a text of at most 128 printable characters, none of them a backslash';
const YES_OR_NO = 'yes or no';
const ENABLED = 'auto, yes or no';
const MAPPING = 'a mapping of keys to values';

describe('a configuration without options', () => {
  it.each([
    ['empty', ''],
    ['of blank lines', '\n\n'],
    ['of comments', '# update_every: 5\n'],
    ['of an opened document', '---\n'],
    ['an empty mapping', '{}'],
    ['with every module commented out', 'modules:\n  # stat:\n'],
    ['with every option of a module commented out', 'modules:\n  stat:\n    # per_cpu: yes\n'],
    [
      'with every option of every module commented out',
      'modules:\n  stat:\n  events:\n  flows:\n  sockets:\n  conntrackd:\n',
    ],
    ['with an empty mapping of modules', 'modules: {}'],
    ['with Windows line ends', '# mode\r\nmode: advanced\r\n'],
    ['with a byte order mark', '\uFEFFmode: advanced\n'],
  ])('%s has the defaults', (_what, text) => {
    expect(parseConfig('conntrack.conf', text)).toEqual(defaultConfig());
  });
});

describe('an unknown key', () => {
  const TOP = 'update_every, mode, source, contexts, functions, namespaces, modules';
  const MODULES = 'stat, events, flows, sockets, conntrackd';
  const STAT = 'enabled, read_from, per_cpu';

  it.each([
    ['update_evry: 5', 'update_evry', 'update_every', TOP],
    ['Mode: basic', 'Mode', 'mode', TOP],
    ['module: {}', 'module', 'modules', TOP],
    ['stat: {}', 'stat', '', TOP],
    ['colour: red', 'colour', '', TOP],
    ['7: seven', '7', '', TOP],
    ['modules: {stats: {}}', 'modules.stats', 'modules.stat', MODULES],
    ['modules: {event: {}}', 'modules.event', 'modules.events', MODULES],
    ['modules: {socket: {}}', 'modules.socket', 'modules.sockets', MODULES],
    ['modules: {ipvs: {}}', 'modules.ipvs', '', MODULES],
    ['modules: {stat: {per_cpus: yes}}', 'modules.stat.per_cpus', 'modules.stat.per_cpu', STAT],
    ['modules: {stat: {enable: yes}}', 'modules.stat.enable', 'modules.stat.enabled', STAT],
    ['modules: {stat: {update_every: 5}}', 'modules.stat.update_every', '', STAT],
    [
      'modules: {events: {recieve_buffer: 8}}',
      'modules.events.recieve_buffer',
      'modules.events.receive_buffer',
      'enabled, receive_buffer, most_per_second',
    ],
    [
      'modules: {flows: {update_evry: 20}}',
      'modules.flows.update_evry',
      'modules.flows.update_every',
      'enabled, update_every, method, cpu_share, full_above',
    ],
    [
      'modules: {sockets: {read_form: procfs}}',
      'modules.sockets.read_form',
      'modules.sockets.read_from',
      'enabled, read_from, update_every, cpu_share',
    ],
    [
      'modules: {sockets: {full_above: 90}}',
      'modules.sockets.full_above',
      '',
      'enabled, read_from, update_every, cpu_share',
    ],
    ['modules: {conntrack: {}}', 'modules.conntrack', 'modules.conntrackd', MODULES],
    [
      'modules: {conntrackd: {socket: [/run/fw.ctl]}}',
      'modules.conntrackd.socket',
      'modules.conntrackd.sockets',
      'enabled, sockets, update_every, timeout',
    ],
    [
      'modules: {conntrackd: {cpu_share: 2}}',
      'modules.conntrackd.cpu_share',
      '',
      'enabled, sockets, update_every, timeout',
    ],
  ])('in %s is refused with the nearest key, or with all keys if none is near', (text, key, nearest, known) => {
    const hint = nearest === '' ? `expected one of ${known}` : `did you mean "${nearest}"?`;
    expect(refusal(text)).toBe(`conntrack.conf: line 1: ${key}: unknown key; ${hint}`);
  });

  it.each(['constructor', 'toString', '__proto__'])(
    'is refused even if it is the %s of every JavaScript object',
    (key) => {
      expect(refusal(`${key}: 1`)).toContain(`line 1: ${key}: unknown key`);
    },
  );
});

describe('the error of an invalid configuration', () => {
  const text = [
    '# one problem on every second line',
    'update_every: 0',
    '',
    'mode: full',
    'modules:',
    '  stat:',
    '    enabled: maybe',
    '    # not this one',
    '    per_cpu: 7',
    '    per_cpus: yes',
    'sourse: here',
  ].join('\n');

  it('lists the problems, each once and with its line if it has one', () => {
    const list = (text: string): unknown => {
      try {
        return parseConfig('/etc/c.conf', text);
      } catch (error) {
        return error instanceof ConfigError ? [error.file, ...error.problems] : error;
      }
    };
    expect(list('mode: full\n\nsource: 7\n')).toEqual([
      '/etc/c.conf',
      { line: 1, text: `mode: expected ${MODE}, got "full"` },
      { line: 3, text: `source: expected ${SOURCE}, got 7` },
    ]);
    expect(list('[7]')).toEqual([
      '/etc/c.conf',
      { line: undefined, text: `the file: expected ${MAPPING}, got a list` },
    ]);
  });

  it('names all problems in one line, each with its line number, in the order of the file', () => {
    const said = refusal(text);
    expect(said).not.toContain('\n');
    const [file, ...rest] = said.split(/: (?=line )/);
    expect(file).toBe('conntrack.conf');
    expect(rest.join(': ').split(/; (?=line )/)).toEqual([
      `line 2: update_every: expected ${INTERVAL}, got 0`,
      `line 4: mode: expected ${MODE}, got "full"`,
      `line 7: modules.stat.enabled: expected ${ENABLED}, got "maybe"`,
      `line 9: modules.stat.per_cpu: expected ${YES_OR_NO}, got 7`,
      'line 10: modules.stat.per_cpus: unknown key; did you mean "modules.stat.per_cpu"?',
      'line 11: sourse: unknown key; did you mean "source"?',
    ]);
  });

  it('names all unknown keys, in every mapping', () => {
    expect(refusal('foo: 1\nbar: 2\nmodules:\n  stat: {baz: 3, per_cpu: yes}\n  qux: 4\n')).toMatch(
      /line 1: foo: unknown key.*line 2: bar: unknown key.*line 4: modules\.stat\.baz: .*line 5: modules\.qux: /,
    );
  });

  it.each([
    ['.inf', 'Infinity'],
    ['.nan', 'NaN'],
  ])('shows the number %s as it is', (text, shown) => {
    expect(refusal(`update_every: ${text}`)).toContain(`, got ${shown}`);
  });

  it('names the problem of a value once', () => {
    expect(refusal('update_every: -2.5')).toBe(`conntrack.conf: line 1: update_every: expected ${INTERVAL}, got -2.5`);
  });
});

describe('text that is not YAML', () => {
  it.each([
    ['a list that is not closed', '\nmode: [', 2],
    ['a quote that is not closed', 'mode: basic\nsource: "abc', 2],
    ['a tab for indentation', 'modules:\n\tstat:\n', 2],
    ['the same key twice', 'mode: basic\nupdate_every: 3\nmode: advanced\n', 3],
    ['a mapping inside a value', '\n\nmode: basic: advanced', 3],
    ['two documents', 'mode: basic\n---\nmode: advanced\n', 2],
  ])('is refused with its line if it has %s', (_what, text, line) => {
    const said = refusal(text);
    expect(said).toMatch(new RegExp(`^conntrack\\.conf: line ${line}: not valid YAML: \\S`));
    expect(said).not.toContain('\n');
  });

  it.each(['&a [*a]', '&a { b: *a }'])('is refused if a value contains itself: %s', (value) => {
    expect(() => parseConfig('conntrack.conf', `update_every: ${value}\n`)).toThrow(
      new ConfigError('conntrack.conf', [
        { line: 1, text: `update_every: expected ${INTERVAL}, got a value that contains itself` },
      ]),
    );
  });

  it('is refused if its aliases would grow without bounds', () => {
    const bomb = ['a: &a [x, x]', 'b: &b [*a, *a, *a, *a]', 'c: &c [*b, *b, *b, *b]', 'd: [*c, *c, *c, *c]'].join('\n');
    expect(refusal(bomb)).toMatch(/^conntrack\.conf: not valid YAML: \S/);
  });
});

describe('a list or value instead of a mapping', () => {
  it.each([
    ['a word', 'hello', '"hello"'],
    ['a number', '42', '42'],
    ['a list', '- update_every: 5\n- mode: basic\n', 'a list'],
    ['an empty list', '[]', 'a list'],
  ])('is refused if the whole file is %s', (_what, text, found) => {
    expect(refusal(text)).toBe(`conntrack.conf: the file: expected ${MAPPING}, got ${found}`);
  });

  it.each([
    ['the mapping of modules', '\nmodules:\n  - stat\n', 'line 2: modules'],
    ['the mapping of a module', 'modules:\n  stat:\n    - enabled\n    - per_cpu\n', 'line 2: modules.stat'],
  ])('is refused if %s is a list', (_what, text, where) => {
    expect(refusal(text)).toBe(`conntrack.conf: ${where}: expected ${MAPPING}, got a list`);
  });
});

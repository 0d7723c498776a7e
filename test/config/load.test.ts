import { readFileSync } from 'node:fs';
import { Volume } from 'memfs';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../collector/base/errors.ts';
import {
  CONFIG_FILE,
  ConfigError,
  type ConfigFileSystem,
  loadConfig,
  parseConfig,
} from '../../collector/config/load.ts';

const DEFAULTS = {
  update_every: 1,
  mode: 'advanced',
  source: '',
  contexts: 'auto',
  modules: {
    stat: { enabled: 'auto', read_from: 'auto', per_cpu: false },
    events: { enabled: 'auto', receive_buffer: 64, most_per_second: 100_000 },
    flows: { enabled: 'auto', update_every: 10, cpu_share: 2, full_above: 95, method: 'auto' },
    sockets: { enabled: 'auto', read_from: 'auto', update_every: 5, cpu_share: 2 },
    conntrackd: { enabled: 'auto', sockets: [], update_every: 5, timeout: 2 },
  },
};

const SIXTEEN = Array.from({ length: 16 }, (_, at) => `/run/${at}.ctl`);

type Options = Readonly<Record<string, unknown>>;

/** The defaults of the modules, but for some options of one of them. */
function modulesWith(module: keyof (typeof DEFAULTS)['modules'], options: Options): Readonly<Record<string, Options>> {
  return { ...DEFAULTS.modules, [module]: { ...DEFAULTS.modules[module], ...options } };
}

const INTERVAL = 'whole seconds from 1 to 86400';
const MODE = 'basic or advanced';
const SOURCE = 'a text of at most 128 printable characters, none of them a backslash';
const CONTEXTS = 'auto, netfilter or conntrack';
const YES_OR_NO = 'yes or no';
const ENABLED = 'auto, yes or no';
const READ_FROM = 'auto, procfs or netlink';
const MEBIBYTES = 'whole mebibytes from 1 to 1024';
const EVENTS = 'whole events from 1000 to 10000000';
const SHARE = 'a percentage from 0.1 to 100';
const FULL = 'a percentage from 1 to 100';
const SOCKETS = 'a list of at most 16 absolute paths';
const SOCKET_PATH = 'an absolute path of at most 107 characters';
const TIMEOUT = 'whole seconds from 1 to 10';
const MAPPING = 'a mapping of keys to values';

/** A file system with these files, which nobody may read where the text is `undefined`. */
function files(texts: Readonly<Record<string, string | undefined>>): ConfigFileSystem {
  const volume = new Volume();
  volume.mkdirSync('/user', { recursive: true });
  volume.mkdirSync('/stock', { recursive: true });
  for (const [path, text] of Object.entries(texts)) volume.writeFileSync(path, text ?? '');
  return {
    readFileSync: (path, encoding) => {
      if (path in texts && texts[path] === undefined) throw denied(path);
      return String(volume.readFileSync(path, encoding));
    },
  };
}

function denied(path: string): Error {
  return Object.assign(new Error(`EACCES: permission denied, open '${path}'`), { code: 'EACCES' });
}

function refusal(text: string): string {
  try {
    parseConfig('conntrack.conf', text);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return error instanceof UsageError ? error.message : String(error);
  }
  return 'accepted';
}

const DIRECTORIES = ['/user', '/stock'];

describe('the configuration file', () => {
  it('is called conntrack.conf', () => {
    expect(CONFIG_FILE).toBe('conntrack.conf');
  });

  it("in the user's directory is preferred to the stock one", () => {
    const fs = files({ '/user/conntrack.conf': 'update_every: 7', '/stock/conntrack.conf': 'update_every: 9' });
    expect(loadConfig(fs, undefined, DIRECTORIES)).toEqual({
      config: { ...DEFAULTS, update_every: 7 },
      file: '/user/conntrack.conf',
    });
  });

  it("in the stock directory is read when the user's directory has none", () => {
    const fs = files({ '/stock/conntrack.conf': 'update_every: 9' });
    expect(loadConfig(fs, undefined, DIRECTORIES)).toEqual({
      config: { ...DEFAULTS, update_every: 9 },
      file: '/stock/conntrack.conf',
    });
  });

  it.each([
    ['neither directory has', DIRECTORIES],
    ['the agent names no directory for', [undefined, undefined]],
    ['there is no directory for', ['/nowhere', '/nowhere/else']],
  ])('that %s means the defaults', (_what, directories) => {
    expect(loadConfig(files({}), undefined, directories)).toEqual({ config: DEFAULTS, file: undefined });
  });

  it('is looked for in the stock directory when the agent names no other', () => {
    const fs = files({ '/stock/conntrack.conf': 'mode: basic' });
    expect(loadConfig(fs, undefined, [undefined, '/stock'])).toEqual({
      config: { ...DEFAULTS, mode: 'basic' },
      file: '/stock/conntrack.conf',
    });
  });

  it('is looked for in the stock directory when the other is no directory', () => {
    const fs = files({ '/file': 'no directory', '/stock/conntrack.conf': 'mode: basic' });
    expect(loadConfig(fs, undefined, ['/file', '/stock']).file).toBe('/stock/conntrack.conf');
  });

  it('of the user hides the stock one whole: what it leaves out is the default', () => {
    const fs = files({ '/user/conntrack.conf': 'mode: basic', '/stock/conntrack.conf': 'update_every: 9' });
    expect(loadConfig(fs, undefined, DIRECTORIES).config).toEqual({ ...DEFAULTS, mode: 'basic' });
  });

  it('that was asked for is read instead of both', () => {
    const fs = files({
      '/asked.yaml': 'update_every: 5',
      '/user/conntrack.conf': 'update_every: 7',
      '/stock/conntrack.conf': 'update_every: 9',
    });
    expect(loadConfig(fs, '/asked.yaml', DIRECTORIES)).toEqual({
      config: { ...DEFAULTS, update_every: 5 },
      file: '/asked.yaml',
    });
  });

  it('that was asked for must be there', () => {
    const fs = files({ '/user/conntrack.conf': 'update_every: 7' });
    const load = (): unknown => loadConfig(fs, '/asked.yaml', DIRECTORIES);
    expect(load).toThrow(UsageError);
    expect(load).toThrow(/^\/asked\.yaml: cannot be read: ENOENT: no such file or directory/);
  });

  it.each([
    ["the user's", '/user/conntrack.conf', undefined],
    ['the stock', '/stock/conntrack.conf', undefined],
    ['the one asked for', '/asked.yaml', '/asked.yaml'],
  ])('that may not be read is an error that names it: %s', (_which, path, asked) => {
    const load = (): unknown => loadConfig(files({ [path]: undefined }), asked, DIRECTORIES);
    expect(load).toThrow(UsageError);
    expect(load).toThrow(`${path}: cannot be read: EACCES: permission denied, open '${path}'`);
  });

  it('that is a directory is an error, not a missing file', () => {
    const volume = new Volume();
    volume.mkdirSync('/user/conntrack.conf', { recursive: true });
    const fs: ConfigFileSystem = { readFileSync: (path, encoding) => String(volume.readFileSync(path, encoding)) };
    const load = (): unknown => loadConfig(fs, undefined, DIRECTORIES);
    expect(load).toThrow(UsageError);
    expect(load).toThrow(/^\/user\/conntrack\.conf: cannot be read: EISDIR/);
  });

  it('that is invalid is an error that names it, even if the other would do', () => {
    const fs = files({ '/user/conntrack.conf': '\nmode: full', '/stock/conntrack.conf': '' });
    expect(() => loadConfig(fs, undefined, DIRECTORIES)).toThrow(
      new ConfigError('/user/conntrack.conf', [{ line: 2, text: `mode: expected ${MODE}, got "full"` }]),
    );
  });
});

describe('the stock file', () => {
  const stock = readFileSync(new URL('../../collector/conntrack.conf', import.meta.url), 'utf8');
  // A commented-out option follows its # at once; prose stands after a blank.
  const uncommented = stock.replace(/^( *)#(?=\S)/gm, '$1');

  it('as it is shipped gives the defaults', () => {
    expect(parseConfig('conntrack.conf', stock)).toEqual(DEFAULTS);
  });

  it('with every option uncommented gives the defaults', () => {
    expect(parseConfig('conntrack.conf', uncommented)).toEqual(DEFAULTS);
  });

  it('names every option, with its default, and no other', () => {
    const options = uncommented.split('\n').filter((line) => /^ *[a-z]/.test(line));
    expect(options).toEqual([
      ...['update_every: 1', 'mode: advanced', 'source: ""', 'contexts: auto', 'modules:'],
      ...['  stat:', '    enabled: auto', '    read_from: auto', '    per_cpu: no'],
      ...['  events:', '    enabled: auto', '    receive_buffer: 64', '    most_per_second: 100000'],
      ...[
        '  flows:',
        '    enabled: auto',
        '    update_every: 10',
        '    method: auto',
        '    cpu_share: 2',
        '    full_above: 95',
      ],
      ...['  sockets:', '    enabled: auto', '    read_from: auto', '    update_every: 5', '    cpu_share: 2'],
      ...['  conntrackd:', '    enabled: auto', '    sockets: []', '    update_every: 5', '    timeout: 2'],
    ]);
  });

  it('takes effect line by line when it is uncommented', () => {
    const changed = uncommented
      .replace('update_every: 1\n', 'update_every: 15\n')
      .replace('mode: advanced\n', 'mode: basic\n')
      .replace('source: ""\n', 'source: "edge router"\n')
      .replace('contexts: auto\n', 'contexts: netfilter\n')
      .replaceAll('enabled: auto\n', 'enabled: yes\n')
      .replace('read_from: auto\n', 'read_from: netlink\n')
      .replace('per_cpu: no\n', 'per_cpu: yes\n')
      .replace('receive_buffer: 64\n', 'receive_buffer: 17\n')
      .replace('most_per_second: 100000\n', 'most_per_second: 54321\n')
      .replace('update_every: 10\n', 'update_every: 25\n')
      .replace('cpu_share: 2\n', 'cpu_share: 3.5\n')
      .replace('method: auto\n', 'method: sample\n')
      .replace('full_above: 95\n', 'full_above: 82.5\n')
      // Those of the module before have another value by now.
      .replace('read_from: auto\n', 'read_from: procfs\n')
      .replace('update_every: 5\n', 'update_every: 45\n')
      .replace('cpu_share: 2\n', 'cpu_share: 0.5\n')
      .replace('sockets: []\n', 'sockets: [/run/edge.ctl]\n')
      .replace('update_every: 5\n', 'update_every: 35\n')
      .replace('timeout: 2\n', 'timeout: 9\n');
    expect(parseConfig('conntrack.conf', changed)).toEqual({
      update_every: 15,
      mode: 'basic',
      source: 'edge router',
      contexts: 'netfilter',
      modules: {
        stat: { enabled: true, read_from: 'netlink', per_cpu: true },
        events: { enabled: true, receive_buffer: 17, most_per_second: 54_321 },
        flows: { enabled: true, update_every: 25, cpu_share: 3.5, full_above: 82.5, method: 'sample' },
        sockets: { enabled: true, read_from: 'procfs', update_every: 45, cpu_share: 0.5 },
        conntrackd: { enabled: true, sockets: ['/run/edge.ctl'], update_every: 35, timeout: 9 },
      },
    });
  });
});

describe('a configuration', () => {
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
    ['with windows line ends', '# mode\r\nmode: advanced\r\n'],
    ['with a byte order mark', '\uFEFFmode: advanced\n'],
  ])('%s means the defaults', (_what, text) => {
    expect(parseConfig('conntrack.conf', text)).toEqual(DEFAULTS);
  });

  it.each([
    ['update_every: 1', { update_every: 1 }],
    ['update_every: 86400', { update_every: 86_400 }],
    ['mode: basic', { mode: 'basic' }],
    ['mode: "advanced"', { mode: 'advanced' }],
    ['source: ""', { source: '' }],
    ['source: rack 7, größer', { source: 'rack 7, größer' }],
    ["source: it's", { source: "it's" }],
    ['source: no', { source: 'no' }],
    [`source: ${'s'.repeat(128)}`, { source: 's'.repeat(128) }],
    ['source: "12"', { source: '12' }],
    ['contexts: auto', { contexts: 'auto' }],
    ['contexts: netfilter', { contexts: 'netfilter' }],
    ['contexts: conntrack', { contexts: 'conntrack' }],
  ])('%s is accepted', (text, expected) => {
    expect(parseConfig('conntrack.conf', text)).toEqual({ ...DEFAULTS, ...expected });
  });

  it.each(
    (['stat', 'events', 'flows', 'sockets', 'conntrackd'] as const).flatMap((module) =>
      [
        ['auto', 'auto'],
        ['yes', true],
        ['"yes"', true],
        ['true', true],
        ['no', false],
        ['false', false],
      ].map(([word, enabled]) => [module, word, enabled] as const),
    ),
  )('%s.enabled: %s means %j', (module, word, enabled) => {
    const { modules } = parseConfig('conntrack.conf', `modules:\n  ${module}:\n    enabled: ${word}\n`);
    expect(modules).toEqual(modulesWith(module, { enabled }));
  });

  it.each([
    ['yes', true],
    ['true', true],
    ['no', false],
    ['"no"', false],
    ['false', false],
  ])('per_cpu: %s means %j', (word, perCpu) => {
    const { modules } = parseConfig('conntrack.conf', `modules:\n  stat:\n    per_cpu: ${word}\n`);
    expect(modules).toEqual(modulesWith('stat', { per_cpu: perCpu }));
  });

  it.each([
    ['stat', 'read_from', 'auto'],
    ['stat', 'read_from', 'procfs'],
    ['stat', 'read_from', 'netlink'],
    ['events', 'receive_buffer', 1],
    ['events', 'receive_buffer', 1024],
    ['events', 'most_per_second', 1000],
    ['events', 'most_per_second', 10_000_000],
    ['flows', 'update_every', 1],
    ['flows', 'update_every', 86_400],
    ['flows', 'cpu_share', 0.1],
    ['flows', 'cpu_share', 12.25],
    ['flows', 'cpu_share', 100],
    ['flows', 'full_above', 1],
    ['flows', 'full_above', 99.5],
    ['flows', 'full_above', 100],
    ['sockets', 'read_from', 'auto'],
    ['sockets', 'read_from', 'procfs'],
    ['sockets', 'read_from', 'netlink'],
    ['sockets', 'update_every', 1],
    ['sockets', 'update_every', 86_400],
    ['sockets', 'cpu_share', 0.1],
    ['sockets', 'cpu_share', 7.75],
    ['sockets', 'cpu_share', 100],
    ['conntrackd', 'update_every', 1],
    ['conntrackd', 'update_every', 86_400],
    ['conntrackd', 'timeout', 1],
    ['conntrackd', 'timeout', 10],
  ] as const)('%s.%s: %s is accepted, and the other options keep their defaults', (module, option, value) => {
    const { modules } = parseConfig('conntrack.conf', `modules:\n  ${module}:\n    ${option}: ${value}\n`);
    expect(modules).toEqual(modulesWith(module, { [option]: value }));
  });

  it.each([
    ['none', '[]', []],
    ['one', '[/run/conntrackd.ctl]', ['/run/conntrackd.ctl']],
    ['the shortest', '[/a]', ['/a']],
    ['one with blanks, dots and a hash', '["/run/fw 1/a.b#c.ctl"]', ['/run/fw 1/a.b#c.ctl']],
    ['one as long as the kernel takes', `[/${'a'.repeat(106)}]`, [`/${'a'.repeat(106)}`]],
    ['in lines of their own', '\n      - /run/b.ctl\n      - /run/a.ctl', ['/run/b.ctl', '/run/a.ctl']],
    ['as many as there may be', `[${SIXTEEN.join(', ')}]`, SIXTEEN],
  ])('conntrackd.sockets may be %s', (_what, list, sockets) => {
    const { modules } = parseConfig('conntrack.conf', `modules:\n  conntrackd:\n    sockets: ${list}\n`);
    expect(modules).toEqual(modulesWith('conntrackd', { sockets }));
  });
});

describe('a value that is not allowed', () => {
  it.each([
    ['update_every: 0', 'update_every', '0', INTERVAL],
    ['update_every: 86401', 'update_every', '86401', INTERVAL],
    ['update_every: -5', 'update_every', '-5', INTERVAL],
    ['update_every: 2.5', 'update_every', '2.5', INTERVAL],
    ['update_every: "5"', 'update_every', '"5"', INTERVAL],
    ['update_every: 5s', 'update_every', '"5s"', INTERVAL],
    ['update_every: true', 'update_every', 'true', INTERVAL],
    ['update_every:', 'update_every', 'null', INTERVAL],
    ['update_every: [5]', 'update_every', '[5]', INTERVAL],
    ['update_every: {a: 5}', 'update_every', '{"a":5}', INTERVAL],
    ['mode: full', 'mode', '"full"', MODE],
    ['mode: Basic', 'mode', '"Basic"', MODE],
    ['mode: 1', 'mode', '1', MODE],
    ['mode:', 'mode', 'null', MODE],
    ['source: 12', 'source', '12', SOURCE],
    ['source: true', 'source', 'true', SOURCE],
    ['source: "a\\tb"', 'source', '"a\\tb"', SOURCE],
    ['source: "a\\nb"', 'source', '"a\\nb"', SOURCE],
    ['source: "a\\u2028b"', 'source', '"a\u2028b"', SOURCE],
    ['source: [a]', 'source', '["a"]', SOURCE],
    [`source: ${'s'.repeat(129)}`, 'source', `"${'s'.repeat(78)}…`, SOURCE],
    ['contexts: shared', 'contexts', '"shared"', CONTEXTS],
    ['contexts: Netfilter', 'contexts', '"Netfilter"', CONTEXTS],
    ['contexts: yes', 'contexts', '"yes"', CONTEXTS],
    ['contexts: 1', 'contexts', '1', CONTEXTS],
    ['contexts:', 'contexts', 'null', CONTEXTS],
    ['contexts: [conntrack]', 'contexts', '["conntrack"]', CONTEXTS],
    ['modules: all', 'modules', '"all"', MAPPING],
    ['modules: {stat: yes}', 'modules.stat', '"yes"', MAPPING],
    ['modules: {stat: {enabled: maybe}}', 'modules.stat.enabled', '"maybe"', ENABLED],
    ['modules: {stat: {enabled: 1}}', 'modules.stat.enabled', '1', ENABLED],
    ['modules: {stat: {enabled: }}', 'modules.stat.enabled', 'null', ENABLED],
    ['modules: {stat: {per_cpu: auto}}', 'modules.stat.per_cpu', '"auto"', YES_OR_NO],
    ['modules: {stat: {per_cpu: on}}', 'modules.stat.per_cpu', '"on"', YES_OR_NO],
    ['modules: {stat: {per_cpu: 0}}', 'modules.stat.per_cpu', '0', YES_OR_NO],
    ['modules: {events: on}', 'modules.events', '"on"', MAPPING],
    ['modules: {flows: 7}', 'modules.flows', '7', MAPPING],
    ['modules: {sockets: no}', 'modules.sockets', '"no"', MAPPING],
    ['modules: {conntrackd: yes}', 'modules.conntrackd', '"yes"', MAPPING],
  ])('%s is refused', (text, key, found, allowed) => {
    expect(refusal(text)).toBe(`conntrack.conf: line 1: ${key}: expected ${allowed}, got ${found}`);
  });

  it.each([
    ['stat', 'read_from', READ_FROM, ['proc', 'Netlink', '1', 'yes', 'null']],
    ['events', 'enabled', ENABLED, ['maybe', '1', 'null']],
    ['events', 'receive_buffer', MEBIBYTES, ['0', '1025', '1.5', '-1', '"64"', '64M', 'null']],
    ['events', 'most_per_second', EVENTS, ['999', '10000001', '2000.5', '"5000"', '100k', 'null']],
    ['flows', 'enabled', ENABLED, ['sometimes', '0', 'null']],
    ['flows', 'update_every', INTERVAL, ['0', '86401', '2.5', '10s', 'null']],
    ['flows', 'cpu_share', SHARE, ['0', '0.09', '100.5', '-2', '2%', '"2"', 'null', '.nan', '.inf']],
    ['flows', 'method', 'auto, full or sample', ['all', 'Full', '20000', 'yes', 'null']],
    ['flows', 'full_above', FULL, ['0.99', '0', '100.1', '95%', 'yes', 'null', '.nan']],
    ['sockets', 'enabled', ENABLED, ['never', '2', 'null']],
    ['sockets', 'read_from', READ_FROM, ['sock_diag', 'Procfs', '0', 'no', 'null']],
    ['sockets', 'update_every', INTERVAL, ['0', '86401', '0.5', '"5"', '5s', 'null']],
    ['sockets', 'cpu_share', SHARE, ['0', '0.05', '101', '-1', '2%', '"2"', 'null', '.nan', '.inf']],
    ['conntrackd', 'enabled', ENABLED, ['always', '3', 'null']],
    ['conntrackd', 'sockets', SOCKETS, ['/run/conntrackd.ctl', '7', 'null', 'yes']],
    ['conntrackd', 'update_every', INTERVAL, ['0', '86401', '7.5', '"5"', '5s', 'null']],
    ['conntrackd', 'timeout', TIMEOUT, ['0', '61', '1.5', '-2', '"2"', '2s', 'null', '.nan', '.inf']],
  ])('of %s.%s is refused where it is given', (module, option, allowed, words) => {
    for (const word of words) {
      const said = refusal(`modules:\n  ${module}:\n    ${option}: ${word}\n`);
      const shown = { '.nan': 'NaN', '.inf': 'Infinity' }[word] ?? word;
      const isPlain = /^"|^-?[\d.]+$|^null$|^NaN$|^Infinity$/.test(shown);
      const found = isPlain ? shown : `"${shown}"`;
      expect(said).toBe(`conntrack.conf: line 3: modules.${module}.${option}: expected ${allowed}, got ${found}`);
    }
  });

  it.each([
    ['relative', '[run/conntrackd.ctl]', 0, '"run/conntrackd.ctl"'],
    ['empty', '[""]', 0, '""'],
    ['the root alone', '[/]', 0, '"/"'],
    ['longer than the kernel takes', `[/${'a'.repeat(107)}]`, 0, `"/${'a'.repeat(77)}…`],
    ['with a character that cannot be printed', '["/run/a\\tb.ctl"]', 0, String.raw`"/run/a\tb.ctl"`],
    ['a number', '[7]', 0, '7'],
    ['nothing', '[/run/a.ctl, null]', 1, 'null'],
    ['wrong after others that are right', '[/run/a.ctl, /run/b.ctl, fw.ctl]', 2, '"fw.ctl"'],
  ])('of conntrackd.sockets is a path that is %s', (_what, list, at, found) => {
    expect(refusal(`modules:\n  conntrackd:\n    sockets: ${list}\n`)).toBe(
      `conntrack.conf: line 3: modules.conntrackd.sockets.${at}: expected ${SOCKET_PATH}, got ${found}`,
    );
  });

  it('of conntrackd.sockets is one path more than there may be', () => {
    const list = JSON.stringify([...SIXTEEN, '/run/16.ctl']);
    expect(refusal(`modules:\n  conntrackd:\n    sockets: ${list}\n`)).toBe(
      `conntrack.conf: line 3: modules.conntrackd.sockets: expected ${SOCKETS}, got ${list.slice(0, 79)}…`,
    );
  });

  it.each([
    ['a word', 'hello', '"hello"'],
    ['a number', '42', '42'],
    ['a list', '- update_every: 5\n- mode: basic\n', 'a list'],
    ['an empty list', '[]', 'a list'],
  ])('is a whole file that is %s', (_what, text, found) => {
    expect(refusal(text)).toBe(`conntrack.conf: the file: expected ${MAPPING}, got ${found}`);
  });

  it.each([
    ['modules', '\nmodules:\n  - stat\n', 'line 2: modules'],
    ['a module', 'modules:\n  stat:\n    - enabled\n    - per_cpu\n', 'line 2: modules.stat'],
  ])('is a list in place of the mapping of %s', (_what, text, where) => {
    expect(refusal(text)).toBe(`conntrack.conf: ${where}: expected ${MAPPING}, got a list`);
  });
});

describe('an unknown key', () => {
  const TOP = 'update_every, mode, source, contexts, modules';
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
  ])('in %s is refused with the nearest one, or with all if none is near', (text, key, nearest, known) => {
    const hint = nearest === '' ? `expected one of ${known}` : `did you mean "${nearest}"?`;
    expect(refusal(text)).toBe(`conntrack.conf: line 1: ${key}: unknown key; ${hint}`);
  });

  it.each(['constructor', 'toString', '__proto__'])('is %s too, whatever JavaScript makes of it', (key) => {
    expect(refusal(`${key}: 1`)).toContain(`line 1: ${key}: unknown key`);
  });
});

describe('several problems', () => {
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

  it('are a list too, each once and with its line where it has one', () => {
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

  it('are said in one line, each with its own line number', () => {
    const said = refusal(text);
    expect(said).not.toContain('\n');
    const [file, ...rest] = said.split(/: (?=line )/);
    expect(file).toBe('conntrack.conf');
    expect(
      rest
        .join(': ')
        .split(/; (?=line )/)
        .sort(),
    ).toEqual([
      'line 10: modules.stat.per_cpus: unknown key; did you mean "modules.stat.per_cpu"?',
      'line 11: sourse: unknown key; did you mean "source"?',
      `line 2: update_every: expected ${INTERVAL}, got 0`,
      `line 4: mode: expected ${MODE}, got "full"`,
      `line 7: modules.stat.enabled: expected ${ENABLED}, got "maybe"`,
      `line 9: modules.stat.per_cpu: expected ${YES_OR_NO}, got 7`,
    ]);
  });

  it('of unknown keys are all named, in every mapping', () => {
    expect(refusal('foo: 1\nbar: 2\nmodules:\n  stat: {baz: 3, per_cpu: yes}\n  qux: 4\n')).toMatch(
      /line 1: foo: unknown key.*line 2: bar: unknown key.*line 4: modules\.stat\.baz: .*line 5: modules\.qux: /,
    );
  });

  it.each([
    ['.inf', 'Infinity'],
    ['.nan', 'NaN'],
  ])('such as the number %s are shown for what they are', (text, shown) => {
    expect(refusal(`update_every: ${text}`)).toContain(`, got ${shown}`);
  });

  it('of one value are said once', () => {
    expect(refusal('update_every: -2.5')).toBe(`conntrack.conf: line 1: update_every: expected ${INTERVAL}, got -2.5`);
  });
});

describe('text that is no YAML', () => {
  it.each([
    ['a list that is not closed', '\nmode: [', 2],
    ['a quote that is not closed', 'mode: basic\nsource: "abc', 2],
    ['a tab for indentation', 'modules:\n\tstat:\n', 2],
    ['a key twice', 'mode: basic\nupdate_every: 3\nmode: advanced\n', 3],
    ['a mapping inside a value', '\n\nmode: basic: advanced', 3],
    ['two documents', 'mode: basic\n---\nmode: advanced\n', 2],
  ])('is refused with its line: %s', (_what, text, line) => {
    const said = refusal(text);
    expect(said).toMatch(new RegExp(`^conntrack\\.conf: line ${line}: not valid YAML: \\S`));
    expect(said).not.toContain('\n');
  });

  it.each(['&a [*a]', '&a { b: *a }'])('or that contains itself is refused: %s', (value) => {
    expect(() => parseConfig('conntrack.conf', `update_every: ${value}\n`)).toThrow(
      new ConfigError('conntrack.conf', [
        { line: 1, text: `update_every: expected ${INTERVAL}, got a value that contains itself` },
      ]),
    );
  });

  it('or that would grow without bounds is refused', () => {
    const bomb = ['a: &a [x, x]', 'b: &b [*a, *a, *a, *a]', 'c: &c [*b, *b, *b, *b]', 'd: [*c, *c, *c, *c]'].join('\n');
    expect(refusal(bomb)).toMatch(/^conntrack\.conf: not valid YAML: \S/);
  });
});

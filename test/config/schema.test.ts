import { describe, expect, it } from 'vitest';

import { parseConfig } from '../../collector/config/parse.ts';
import { defaultConfig } from '../../collector/config/schema.ts';
import { refusal } from '../helpers/refusal.ts';

const DEFAULTS = {
  update_every: 1,
  mode: 'advanced',
  source: '',
  contexts: 'auto',
  functions: { enabled: true, access: 'members' },
  namespaces: { enabled: 'auto', include: [], exclude: [], max: 50 },
  modules: {
    stat: { enabled: 'auto', read_from: 'auto', per_cpu: false },
    events: { enabled: 'auto', receive_buffer: 64, most_per_second: 100_000 },
    flows: { enabled: 'auto', update_every: 10, method: 'auto', cpu_share: 2, full_above: 95, snat_pools: [] },
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

it('the configuration has its defaults without a file', () => {
  expect(defaultConfig()).toEqual(DEFAULTS);
});

describe('an option', () => {
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
    ['functions: { access: anyone }', { functions: { enabled: true, access: 'anyone' } }],
    ['functions: { enabled: no }', { functions: { enabled: false, access: 'members' } }],
    ['functions:', {}],
    ['contexts: netfilter', { contexts: 'netfilter' }],
    ['contexts: conntrack', { contexts: 'conntrack' }],
  ])('is accepted: %s', (text, expected) => {
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
  )('is accepted: %s.enabled with %s means %j', (module, word, enabled) => {
    const { modules } = parseConfig('conntrack.conf', `modules:\n  ${module}:\n    enabled: ${word}\n`);
    expect(modules).toEqual(modulesWith(module, { enabled }));
  });

  it.each([
    ['yes', true],
    ['true', true],
    ['no', false],
    ['"no"', false],
    ['false', false],
  ])('is accepted: stat.per_cpu with %s means %j', (word, perCpu) => {
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
    ['flows', 'method', 'full'],
    ['flows', 'method', 'sample'],
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
  ] as const)('is accepted, and the others keep their defaults: %s.%s with %s', (module, option, value) => {
    const { modules } = parseConfig('conntrack.conf', `modules:\n  ${module}:\n    ${option}: ${value}\n`);
    expect(modules).toEqual(modulesWith(module, { [option]: value }));
  });

  it.each([
    ['empty', '[]', []],
    ['one path', '[/run/conntrackd.ctl]', ['/run/conntrackd.ctl']],
    ['the shortest path', '[/a]', ['/a']],
    ['a path with blanks, dots and a hash', '["/run/fw 1/a.b#c.ctl"]', ['/run/fw 1/a.b#c.ctl']],
    ['a path as long as the kernel allows', `[/${'a'.repeat(106)}]`, [`/${'a'.repeat(106)}`]],
    ['a list over several lines', '\n      - /run/b.ctl\n      - /run/a.ctl', ['/run/b.ctl', '/run/a.ctl']],
    ['16 paths', `[${SIXTEEN.join(', ')}]`, SIXTEEN],
  ])('is accepted: conntrackd.sockets that is %s', (_what, list, sockets) => {
    const { modules } = parseConfig('conntrack.conf', `modules:\n  conntrackd:\n    sockets: ${list}\n`);
    expect(modules).toEqual(modulesWith('conntrackd', { sockets }));
  });
});

describe('an option with a wrong value', () => {
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
    ['functions: { access: everyone }', 'functions.access', '"everyone"', 'members or anyone'],
    ['functions: { enabled: auto }', 'functions.enabled', '"auto"', YES_OR_NO],
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
  ])('is refused: %s', (text, key, found, allowed) => {
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
  ])('is refused with its line: %s.%s', (module, option, allowed, words) => {
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
    ['longer than the kernel allows', `[/${'a'.repeat(107)}]`, 0, `"/${'a'.repeat(77)}…`],
    ['not printable', '["/run/a\\tb.ctl"]', 0, String.raw`"/run/a\tb.ctl"`],
    ['a number', '[7]', 0, '7'],
    ['nothing', '[/run/a.ctl, null]', 1, 'null'],
    ['wrong after two right ones', '[/run/a.ctl, /run/b.ctl, fw.ctl]', 2, '"fw.ctl"'],
  ])('is refused: conntrackd.sockets with a path that is %s', (_what, list, at, found) => {
    expect(refusal(`modules:\n  conntrackd:\n    sockets: ${list}\n`)).toBe(
      `conntrack.conf: line 3: modules.conntrackd.sockets.${at}: expected ${SOCKET_PATH}, got ${found}`,
    );
  });

  it('is refused: conntrackd.sockets with more than 16 paths', () => {
    const list = JSON.stringify([...SIXTEEN, '/run/16.ctl']);
    expect(refusal(`modules:\n  conntrackd:\n    sockets: ${list}\n`)).toBe(
      `conntrack.conf: line 3: modules.conntrackd.sockets: expected ${SOCKETS}, got ${list.slice(0, 79)}…`,
    );
  });
});

describe('flows.snat_pools', () => {
  const pools = (list: string): string => `modules:\n  flows:\n    snat_pools: ${list}\n`;

  it('are read with their networks and ports', () => {
    const { modules } = parseConfig(
      'conntrack.conf',
      pools(
        '\n      - { addresses: 203.0.113.7/28, ports: 1024-2047 }\n      - addresses: "2001:db8::5"\n        ports: 1-65535',
      ),
    );
    expect(modules.flows.snat_pools).toEqual([
      { network: { address: Uint8Array.of(203, 0, 113, 7), prefix: 28 }, low: 1024, high: 2047 },
      {
        network: { address: Uint8Array.of(0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5), prefix: 128 },
        low: 1,
        high: 65_535,
      },
    ]);
  });

  const ADDRESSES = 'an address, or a network such as 203.0.113.0/28';
  const PORTS = 'the lowest and the highest port, such as 1024-65535';
  const POOL = 'a mapping with the keys addresses and ports';
  const POOLS = 'a list of at most 64 pools such as { addresses: 203.0.113.0/28, ports: 1024-65535 }';
  it.each([
    ['203.0.113.0/28', '', `expected ${POOLS}, got "203.0.113.0/28"`],
    ['{ addresses: 10.0.0.1, ports: 1-2 }', '', `expected ${POOLS}, got {"addresses":"10.0.0.1","ports":"1-2"}`],
    ['[203.0.113.0/28]', '.0', `expected ${POOL}, got "203.0.113.0/28"`],
    ['[{ ports: 1-2 }]', '.0.addresses', `expected ${POOL}, got nothing`],
    ['[{ addresses: 10.0.0.1 }]', '.0.ports', `expected ${POOL}, got nothing`],
    ['[{ addresses: 10.0.0.0/33, ports: 1-2 }]', '.0.addresses', `expected ${ADDRESSES}, got "10.0.0.0/33"`],
    ['[{ addresses: 10, ports: 1-2 }]', '.0.addresses', `expected ${ADDRESSES}, got 10`],
    ['[{ addresses: 10.0.0.1, ports: 2-1 }]', '.0.ports', `expected ${PORTS}, got "2-1"`],
    ['[{ addresses: 10.0.0.1, ports: 0-1 }]', '.0.ports', `expected ${PORTS}, got "0-1"`],
    ['[{ addresses: 10.0.0.1, ports: 1-65536 }]', '.0.ports', `expected ${PORTS}, got "1-65536"`],
    ['[{ addresses: 10.0.0.1, ports: 1024 }]', '.0.ports', `expected ${PORTS}, got 1024`],
    [
      '[{ addresses: 10.0.0.1, ports: 1-2 }, { addresses: 10.0.0.2, ports: 1-2, port: 3 }]',
      '.1.port',
      'unknown key; did you mean "modules.flows.snat_pools.1.ports"?',
    ],
  ])('%s is refused', (list, at, text) => {
    expect(refusal(pools(list))).toBe(`conntrack.conf: line 3: modules.flows.snat_pools${at}: ${text}`);
  });

  it('are at most 64', () => {
    const list = (length: number) => pools(`[${Array.from({ length }, () => '{ addresses: 10.0.0.1, ports: 1-2 }')}]`);
    expect(() => parseConfig('conntrack.conf', list(64))).not.toThrow();
    expect(refusal(list(65))).toContain(`expected ${POOLS}, got [`);
  });
});

describe('namespaces', () => {
  const PATTERNS = 'a list of at most 64 names, in which * matches any characters';
  const MAX = 'a whole number from 0 to 10000';
  const many = (length: number): string => JSON.stringify(Array.from({ length }, (_, at) => `ns${at}`));

  it.each([
    ['enabled: yes', { enabled: true }],
    ['enabled: no', { enabled: false }],
    ['include: [blue, qrouter-*, "*"]', { include: ['blue', 'qrouter-*', '*'] }],
    ['exclude: ["größer/7*x", cni-*]', { exclude: ['größer/7*x', 'cni-*'] }],
    [`include: ["${'n'.repeat(128)}"]`, { include: ['n'.repeat(128)] }],
    ['max: 0', { max: 0 }],
    ['max: 10000', { max: 10_000 }],
    ['', {}],
  ])('accept %s', (text, expected) => {
    const { namespaces } = parseConfig('conntrack.conf', `namespaces:\n  ${text}\n`);
    expect(namespaces).toEqual({ ...DEFAULTS.namespaces, ...expected });
  });

  it('accept 64 patterns', () => {
    const { namespaces } = parseConfig('conntrack.conf', `namespaces:\n  exclude: ${many(64)}\n`);
    expect(namespaces.exclude).toHaveLength(64);
  });

  it.each([
    ['enabled: always', 'enabled', ENABLED, '"always"'],
    ['include: blue', 'include', PATTERNS, '"blue"'],
    ['include: [7]', 'include.0', PATTERNS, '7'],
    ['include: [blue, ""]', 'include.1', PATTERNS, '""'],
    ['exclude: [two words]', 'exclude.0', PATTERNS, '"two words"'],
    ['exclude: ["a\\nb"]', 'exclude.0', PATTERNS, String.raw`"a\nb"`],
    [`exclude: ["${'n'.repeat(129)}"]`, 'exclude.0', PATTERNS, `"${'n'.repeat(78)}…`],
    [`include: ${many(65)}`, 'include', PATTERNS, `${many(65).slice(0, 79)}…`],
    ['max: -1', 'max', MAX, '-1'],
    ['max: 10001', 'max', MAX, '10001'],
    ['max: 1.5', 'max', MAX, '1.5'],
    ['max: many', 'max', MAX, '"many"'],
  ])('refuse %s', (text, key, allowed, found) => {
    expect(refusal(`namespaces:\n  ${text}\n`)).toBe(
      `conntrack.conf: line 2: namespaces.${key}: expected ${allowed}, got ${found}`,
    );
  });

  it('refuse no mapping', () => {
    expect(refusal('namespaces: no')).toBe(`conntrack.conf: line 1: namespaces: expected ${MAPPING}, got "no"`);
  });
});

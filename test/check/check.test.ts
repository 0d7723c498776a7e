import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readEnvironment } from '../../collector/agent/environment.ts';
import { type CheckOptions, check } from '../../collector/check/check.ts';
import type { CheckFileSystem } from '../../collector/check/files.ts';
import { render } from '../../collector/check/render.ts';
import type { Finding, Report } from '../../collector/check/report.ts';
import type { Config } from '../../collector/config/schema.ts';
import type { Module, Sample } from '../../collector/modules/module.ts';
import { PROBLEMS, type Problem } from '../../collector/modules/problem.ts';
import {
  filesOf,
  NET_ADMIN,
  NONE,
  OTHERS,
  processFiles,
  type StatusOptions,
  statusText,
} from '../helpers/check_host.ts';
import { FakeClock } from '../helpers/fake_clock.ts';

const NETFILTER = '/proc/sys/net/netfilter';
const PLUGINS = '/usr/libexec/netdata/plugins.d';
const PROGRAM = `${PLUGINS}/conntrack.plugin`;
const SAMPLE: Sample = { scope: 'host', instance: '', labels: {}, values: { a: 1 } };
const TEXT = { hasColour: false, isUnicode: true };

const KERNEL = {
  '/proc/sys/kernel/osrelease': '6.18.5\n',
  [`${NETFILTER}/nf_conntrack_count`]: '12345\n',
  [`${NETFILTER}/nf_conntrack_max`]: '262144\n',
  [`${NETFILTER}/nf_conntrack_buckets`]: '65536\n',
  [`${NETFILTER}/nf_conntrack_events`]: '2\n',
  [`${NETFILTER}/nf_conntrack_acct`]: '0\n',
};

const AGENT = {
  '/etc/passwd': 'root:x:0:0::/:/bin/sh\nnetdata:x:991:981::/:/bin/false\n',
  '/etc/group': 'netdata:x:981:\n',
  [PROGRAM]: '',
  '/etc/netdata/netdata.conf': '[plugin:proc]\n/proc/net/stat/conntrack = no\n',
  '/usr/lib/netdata/conf.d/health.d/conntrack.conf': '',
};

/** When the host started, in seconds since the epoch; and when it is checked. */
const BOOT = 1_700_000_000;
const NOW = BOOT + 100_000;

/** An agent that started 100 s after the host, and its plugin, which did so 200 s after. */
const RUNNING = {
  '/proc/stat': `cpu 1 2 3\nbtime ${BOOT}\nprocesses 4\n`,
  ...processFiles(812, { name: 'netdata', uid: 991, gid: 981 }, ['netdata', '-D'], 10_000),
  ...processFiles(813, { uid: 991, gid: 981, parent: 812 }, [PROGRAM, '1'], 20_000),
};

/** A module as the test wants it; what stands in its way is named by code, target and loss. */
function module(name: string, reads: string, problem?: Partial<Problem>): Module {
  const problems =
    problem === undefined ? [] : [{ code: 'system_error', target: reads, message: 'no', ...problem } as const];
  return {
    name,
    every: 1,
    collect: () => (problem === undefined ? [SAMPLE] : []),
    status: () => ({ reads: [reads], problems: problems.map((one) => ({ loses: 'all', ...one })) }),
    close: () => undefined,
  };
}

const ALL_WELL = [
  module('stat', '/proc/net/stat/nf_conntrack'),
  module('events', 'ctnetlink'),
  module('flows', 'ctnetlink'),
  module('sockets', 'sock_diag'),
  module('conntrackd', '/run/conntrackd.ctl', {
    code: 'conntrackd_down',
    message: 'conntrackd is not running',
    loses: 'nothing',
  }),
];

const REFUSED = { code: 'no_capability', message: PROBLEMS.no_capability.message } as const;
const WITHOUT_CAPABILITY = [
  module('stat', '/proc/net/stat/nf_conntrack'),
  module('events', 'ctnetlink', REFUSED),
  module('flows', 'ctnetlink', REFUSED),
  module('sockets', 'sock_diag'),
  module('conntrackd', '/run/conntrackd.ctl'),
];

interface Scene {
  readonly texts?: Readonly<Record<string, string>>;
  readonly links?: Readonly<Record<string, string>>;
  readonly own?: StatusOptions;
  readonly modules?: readonly Module[];
  readonly options?: Partial<CheckOptions>;
  readonly unusable?: Finding;
}

/** Checks as the agent's user, on a host where all is well unless the scene says otherwise. */
async function checked({ links, modules = ALL_WELL, options, own, texts, unusable }: Scene = {}) {
  const configs: Config[] = [];
  const status = statusText({ uid: 991, gid: 981, permitted: NET_ADMIN, ...own });
  const report = await check(
    {
      fs: filesOf({ ...KERNEL, ...AGENT, ...RUNNING, '/proc/self/status': status, ...texts }, links),
      clock: new FakeClock(NOW * 1000),
      environment: readEnvironment({}),
      asked: undefined,
      version: '7.8.9',
      release: '5.0.0',
      program: { path: PROGRAM, packaged: true },
      executable: PROGRAM,
      capabilities: () => undefined,
      uid: 991,
      seen: undefined,
      modules: (config) => {
        configs.push(config);
        return modules;
      },
      ...options,
    },
    unusable,
  );
  return { report, config: configs[0], text: render(report, TEXT) };
}

/** Everything that was found, with the section that it was found in. */
function found({ agent, builtin, configuration, kernel, modules, privilege, program }: Report): string[] {
  const sections = Object.entries({ program, kernel, agent, privilege, configuration, builtin });
  const named = [...sections, ...modules.map((one) => [one.name, one] as const)];
  return named.flatMap(([name, { findings }]) => findings.map(({ code, severity }) => `${name} ${severity} ${code}`));
}

describe('where all is well', () => {
  beforeEach(() => void vi.stubEnv('TZ', 'UTC'));
  afterEach(() => void vi.unstubAllEnvs());

  it('the report is one screen', async () => {
    const { report, text } = await checked();
    expect(report.works).toBe(true);
    expect(text).toBe(`conntrack.plugin 7.8.9, checked as netdata

✓ ok    program         /usr/libexec/netdata/plugins.d/conntrack.plugin
✓ ok    kernel          Linux 6.18.5, connection tracking loaded
                        12,345 of 262,144 entries (4.7 %), 65,536 buckets
                        nf_conntrack_events 2, nf_conntrack_acct 0
✓ ok    agent           runs as netdata, pid 812, since 2023-11-14 22:15:00
                        runs the plugin, pid 813, since 2023-11-14 22:16:40
                        plugins in /usr/libexec/netdata/plugins.d
                        configured in /etc/netdata
✓ ok    privilege       CAP_NET_ADMIN, for events, flows
✓ ok    configuration   none, every default holds
✓ ok    stat            /proc/net/stat/nf_conntrack
✓ ok    events          ctnetlink
✓ ok    flows           ctnetlink
✓ ok    sockets         sock_diag
– none  conntrackd      conntrackd is not running (/run/conntrackd.ctl)
– off   built-in charts turned off
                        contexts netfilter.conntrack_*: netdata.conf turns it
                        off

ok: everything that is on works
`);
  });

  it('the JSON has the same, and leaves out what is not known', async () => {
    const { report } = await checked({ texts: { [`${NETFILTER}/nf_conntrack_max`]: '0\n' } });
    expect(JSON.parse(JSON.stringify(report))).toEqual({
      format: 1,
      version: '7.8.9',
      works: true,
      program: { path: PROGRAM, packaged: true, user: 'netdata', uid: 991, findings: [] },
      kernel: { release: '6.18.5', tracking: true, entries: 12345, buckets: 65536, events: 2, acct: 0, findings: [] },
      agent: {
        state: 'running',
        pid: 812,
        since: BOOT + 100,
        user: 'netdata',
        plugin: { pid: 813, since: BOOT + 200 },
        plugin_directory: PLUGINS,
        user_config_directory: '/etc/netdata',
        stock_config_directory: '/usr/lib/netdata/conf.d',
        findings: [],
      },
      privilege: { needed_by: ['events', 'flows'], permitted: true, findings: [] },
      configuration: { findings: [] },
      modules: [
        { name: 'stat', state: 'works', reads: ['/proc/net/stat/nf_conntrack'], findings: [] },
        { name: 'events', state: 'works', reads: ['ctnetlink'], findings: [] },
        { name: 'flows', state: 'works', reads: ['ctnetlink'], findings: [] },
        { name: 'sockets', state: 'works', reads: ['sock_diag'], findings: [] },
        {
          name: 'conntrackd',
          state: 'absent',
          reads: ['/run/conntrackd.ctl'],
          findings: [{ severity: 'note', code: 'conntrackd_down', text: 'conntrackd is not running' }],
        },
      ],
      builtin: { charts: false, contexts: 'netfilter', contexts_reason: 'off', findings: [] },
    });
  });

  it('the signs are ASCII where the terminal knows no others, and coloured where that is wanted', async () => {
    const { report } = await checked();
    const ascii = render(report, { hasColour: false, isUnicode: false });
    expect(ascii).toMatch(/^\+ ok {4}kernel/m);
    expect(ascii).toMatch(/^- none {2}conntrackd/m);
    const coloured = render(report, { hasColour: true, isUnicode: true });
    expect(coloured).toContain('\u001b[32m✓ ok  \u001b[0m  kernel');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences that colour a text begin with one
    expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(render(report, TEXT));
  });
});

describe('without the capability', () => {
  it('what is lost is named, with one remedy for all of it', async () => {
    const { report, text } = await checked({
      own: { permitted: NONE },
      modules: WITHOUT_CAPABILITY,
      texts: { '/etc/netdata/netdata.conf': '', [`${PLUGINS}/conntrack-setup`]: '' },
    });
    expect(report.works).toBe(false);
    expect(text.slice(text.indexOf('✗'))).toBe(`✗ FAIL  privilege       CAP_NET_ADMIN, for events, flows
        the program lacks the capability CAP_NET_ADMIN
            sudo chown root:netdata \\
              /usr/libexec/netdata/plugins.d/conntrack.plugin
            sudo chmod 0750 /usr/libexec/netdata/plugins.d/conntrack.plugin
            sudo setcap cap_net_admin=p \\
              /usr/libexec/netdata/plugins.d/conntrack.plugin
✓ ok    configuration   none, every default holds
✓ ok    stat            /proc/net/stat/nf_conntrack
✗ FAIL  events          ctnetlink
        the plugin lacks CAP_NET_ADMIN (see above)
✗ FAIL  flows           ctnetlink
        the plugin lacks CAP_NET_ADMIN (see above)
✓ ok    sockets         sock_diag
✓ ok    conntrackd      /run/conntrackd.ctl
✓ ok    built-in charts on
                        contexts conntrack.*: netdata.conf leaves it on
        hint: Netdata's built-in collector draws six of the plugin's charts too
          After the restart the plugin draws them in the contexts
          netfilter.conntrack_*.
            sudo /usr/libexec/netdata/plugins.d/conntrack-setup \\
              --replace-builtin
            sudo systemctl restart netdata

FAIL: privilege, events, flows
`);
  });

  it('that it has, a module that is refused has another reason', async () => {
    const { report } = await checked({ modules: WITHOUT_CAPABILITY });
    expect(found(report)).toContain('events fault no_capability');
    expect(report.modules[1]?.findings[0]?.remedy?.note).toMatch(/^A user namespace/);
  });

  it('that others can have by the program that runs or by the one that is installed is a fault', async () => {
    const other = '/opt/conntrack.plugin';
    const texts = { ...KERNEL, ...AGENT, ...RUNNING, [other]: '', '/proc/self/status': statusText() };
    const fs = filesOf(texts, {}, { [PROGRAM]: { mode: 0o755 }, [other]: { mode: 0o755 } });
    const attribute = Buffer.from('0000000200100000000000000000000000000000', 'hex');
    const options = { fs, capabilities: () => attribute, program: { path: other, packaged: true }, executable: other };
    const { report } = await checked({ options });
    const exposed = report.privilege.findings.filter(({ code }) => code === 'exposed');
    expect(exposed.map(({ text }) => text)).toEqual([
      `every user can run ${other}, which has CAP_NET_ADMIN`,
      `every user can run ${PROGRAM}, which has CAP_NET_ADMIN`,
    ]);
    expect(report.works).toBe(false);
  });

  it('on a file system that is mounted nosuid, that is said', async () => {
    const { report } = await checked({
      own: { permitted: NONE },
      modules: WITHOUT_CAPABILITY,
      texts: { '/proc/self/mountinfo': '9 1 8:1 / /usr rw,nosuid - ext4 /dev/sda rw\n' },
    });
    expect(found(report)).toContain('privilege fault nosuid');
  });
});

describe('the configuration', () => {
  it("that is checked is that of the agent's directories", async () => {
    const file = '/etc/netdata/conntrack.conf';
    const { config, report } = await checked({ texts: { [file]: 'update_every: 17\n' } });
    expect(report.configuration).toEqual({ file, findings: [] });
    expect(config?.update_every).toBe(17);
  });

  it('that is asked for is checked in its place', async () => {
    const { config, report } = await checked({
      texts: { '/etc/netdata/conntrack.conf': 'update_every: 17\n', '/x.conf': 'update_every: 19\n' },
      options: { asked: '/x.conf' },
    });
    expect(report.configuration.file).toBe('/x.conf');
    expect(config?.update_every).toBe(19);
  });

  it('that the agent gives the plugin by its words is checked', async () => {
    const texts = {
      ...processFiles(813, { uid: 991, gid: 981, parent: 812 }, [PROGRAM, '1', '--config', '/given.conf'], 20_000),
      '/etc/netdata/conntrack.conf': 'update_every: 17\n',
      '/given.conf': 'update_every: 19\n',
      '/x.conf': 'update_every: 23\n',
    };
    expect((await checked({ texts })).report.configuration.file).toBe('/given.conf');
    expect((await checked({ texts, options: { asked: '/x.conf' } })).report.configuration.file).toBe('/x.conf');
  });

  it('that turns every module off leaves nothing for the agent to run', async () => {
    const gone = { '/proc/813/cmdline': 'sh\0' };
    expect(found((await checked({ texts: gone })).report)).toContain('agent fault plugin_not_running');
    const { report } = await checked({ texts: gone, modules: [] });
    expect(found(report)).not.toContain('agent fault plugin_not_running');
  });

  it('that is wrong is a fault for each problem, and the defaults are checked', async () => {
    const { config, report, text } = await checked({
      texts: { '/etc/netdata/conntrack.conf': 'update_every: 17\nsourse: a\n\nmode: full\n' },
    });
    expect(report.works).toBe(false);
    expect(config?.update_every).toBe(1);
    expect(report.configuration.findings.map(({ code, line }) => [code, line])).toEqual([
      ['invalid', 2],
      ['invalid', 4],
    ]);
    expect(text).toContain(`✗ FAIL  configuration   /etc/netdata/conntrack.conf
        line 2: sourse: unknown key; did you mean "source"?
        line 4: mode: expected basic or advanced, got "full"
          The plugin will not start until this is fixed; the checks below use
          the defaults.
✓ ok    stat  `);
    expect(text).toMatch(/\n\nFAIL: configuration\n$/);
  });

  it('that is no regular file is a fault, and is not waited for', async () => {
    const { report } = await checked({ texts: { '/directory/x': '' }, options: { asked: '/directory' } });
    expect(report.configuration.findings).toMatchObject([
      { code: 'unreadable', text: 'cannot be read: read /directory: it is no regular file' },
    ]);
  });

  it('that was asked for and is not there is a fault', async () => {
    const { report } = await checked({ options: { asked: '/missing.conf' } });
    expect(report.configuration.file).toBe('/missing.conf');
    expect(found(report)).toContain('configuration fault unreadable');
  });
});

describe('the agent', () => {
  it('that is not there is a hint, and nothing is said of what it would do', async () => {
    const { report, text } = await checked({ texts: { '/proc/812/comm': 'x' }, options: { fs: filesOf(KERNEL) } });
    expect(report.works).toBe(true);
    expect(found(report)).toEqual([
      'program note user_unknown',
      'agent hint not_found',
      'conntrackd note conntrackd_down',
    ]);
    expect(report.builtin.charts).toBeUndefined();
    expect(text).not.toContain('built-in');
  });

  it('that does not run, draws the same twice and has no alerts gives hints', async () => {
    const { report } = await checked({
      options: {
        fs: filesOf({ ...KERNEL, ...AGENT, '/etc/netdata/netdata.conf': '' }, {}),
      },
    });
    expect(found(report)).toEqual([
      'agent hint not_running',
      'builtin hint duplicate_charts',
      'conntrackd note conntrackd_down',
    ]);
  });

  it.each(['[plugins]\nproc = no', '[plugin:proc]\n/proc/net/stat/conntrack = no'])(
    'draws nothing twice with %j',
    async (settings) => {
      const { report } = await checked({ texts: { '/etc/netdata/netdata.conf': settings } });
      expect(report.builtin).toEqual({ charts: false, contexts: 'netfilter', contexts_reason: 'off', findings: [] });
    },
  );

  it.each([
    ['', 'netfilter', 'on', 'doubled_values'],
    ['', 'conntrack', 'on', 'duplicate_charts'],
    ['[plugins]\nproc = no', 'netfilter', 'turned off', undefined],
    ['[plugins]\nproc = no', 'conntrack', 'turned off', undefined],
  ])('with %j has contexts that conntrack.conf sets to %s', async (settings, contexts, state, code) => {
    const { report, text } = await checked({
      texts: { '/etc/netdata/netdata.conf': settings, '/etc/netdata/conntrack.conf': `contexts: ${contexts}\n` },
    });
    expect(report.builtin).toMatchObject({ charts: state === 'on', contexts, contexts_reason: 'configured' });
    expect(report.builtin.findings.map((finding) => finding.code)).toEqual(code === undefined ? [] : [code]);
    const names = { netfilter: 'netfilter.conntrack_*', conntrack: 'conntrack.*' }[contexts];
    const lines = text.slice(text.indexOf('built-in charts'));
    expect(lines.replaceAll(/\s+/g, ' ')).toContain(
      `built-in charts ${state} contexts ${names}: conntrack.conf sets them`,
    );
  });

  it('that was started with another netdata.conf than the plugin reads may double values', async () => {
    const agent = processFiles(812, { name: 'netdata', uid: 991, gid: 981 }, ['netdata', '-c', '/e/netdata.conf']);
    const { report } = await checked({
      texts: { ...agent, '/e/netdata.conf': '', '/etc/netdata/netdata.conf': '[plugins]\nproc = no' },
    });
    expect(report.builtin).toMatchObject({ charts: true, contexts: 'netfilter', contexts_reason: 'off' });
    expect(found(report)).toContain('builtin hint doubled_values');
  });

  it('whose configuration may not be read may draw twice or not', async () => {
    const fs = filesOf({ ...KERNEL, ...AGENT, ...RUNNING });
    const closed: CheckFileSystem = {
      ...fs,
      openSync: (path, flags) => {
        if (path === '/etc/netdata/netdata.conf') throw new Error('closed');
        return fs.openSync(path, flags);
      },
    };
    const { report, text } = await checked({ options: { fs: closed } });
    expect(report.builtin).toEqual({
      charts: undefined,
      contexts: 'conntrack',
      contexts_reason: 'unknown',
      findings: [],
    });
    expect(text).toContain(`– none  built-in charts unknown
                        contexts conntrack.*: netdata.conf cannot be read
`);
  });

  it('that has the plugin turned off never starts it', async () => {
    const { report } = await checked({
      texts: { '/etc/netdata/netdata.conf': '[plugins]\nconntrack = no\nproc = no' },
    });
    expect(found(report)).toContain('agent fault turned_off');
  });

  it('starts another program, or none', async () => {
    const program = { path: '/home/me/conntrack.plugin', packaged: true };
    const other = await checked({ texts: { [program.path]: '' }, options: { program } });
    expect(other.report.agent.findings.map(({ code, remedy }) => [code, remedy?.lines])).toEqual([
      ['other_program', [`sudo ${PROGRAM} check`]],
    ]);
    const none = await checked({
      texts: { [program.path]: '', '/etc/netdata/netdata.conf': '[directories]\nplugins = "/x"\n[plugins]\nproc=no' },
      options: { program },
    });
    expect(found(none.report)).toContain('agent hint not_installed');
  });

  it('in another network namespace shows other connections', async () => {
    const links = { '/proc/812/ns/net': 'net:[402]', '/proc/self/ns/net': 'net:[401]' };
    const { report } = await checked({ links });
    expect(report.agent.findings.map(({ code, remedy }) => [code, remedy?.lines])).toEqual([
      ['elsewhere', [`sudo nsenter --net=/proc/812/ns/net ${PROGRAM} check`]],
    ]);
    const same = await checked({ links: { ...links, '/proc/812/ns/net': 'net:[401]' } });
    expect(same.report.agent.findings).toEqual([]);
  });

  it('that runs as another user has the check run as root', async () => {
    const { report } = await checked({ options: { uid: 1000 } });
    expect(report.program).toMatchObject({ user: '1000', findings: [{ severity: 'hint', code: 'other_user' }] });
    expect(report.program.findings[0]?.remedy?.lines).toEqual([`sudo ${PROGRAM} check`]);
  });
});

describe('the agent that runs', () => {
  const BOUNDED = processFiles(812, { name: 'netdata', uid: 991, gid: 981, bounding: OTHERS }, ['netdata', '-D']);

  it('and cannot hand the capability on is why modules fail that work here', async () => {
    const { report, text } = await checked({ texts: BOUNDED });
    expect(found(report)).toEqual([
      'privilege fault agent_bounded',
      'events fault agent_bounded',
      'flows fault agent_bounded',
      'conntrackd note conntrackd_down',
    ]);
    expect(report.modules.map(({ state }) => state)).toEqual(['works', 'fails', 'fails', 'works', 'absent']);
    expect(text).toContain('        the agent starts its plugins without CAP_NET_ADMIN (see above)\n✗ FAIL  flows');
    expect(text).toMatch(/FAIL: privilege, events, flows\n$/);
  });

  it('and alone has the capability is no fault, nor what cannot be tried', async () => {
    const ambient = processFiles(812, { name: 'netdata', uid: 991, gid: 981, ambient: NET_ADMIN });
    const { report, text } = await checked({ own: { permitted: NONE }, texts: ambient, modules: WITHOUT_CAPABILITY });
    expect(report.works).toBe(true);
    expect(report.modules.map(({ state }) => state)).toEqual(['works', 'unknown', 'unknown', 'works', 'works']);
    expect(text).toMatch(/\n\nok: everything works but what was not checked \(events, flows\), with 2 hints\nabove\n$/);
    expect(text).toContain(
      '? skip  events          ctnetlink\n        not checked without the capability (see above)\n',
    );
  });

  it('and may not be looked at gives no path of its own, and its user no rights', async () => {
    const conf = '/home/me/netdata.conf';
    const impostor = processFiles(812, { name: 'netdata', uid: 666, gid: 666, bounding: NONE }, [
      'netdata',
      '-c',
      conf,
    ]);
    const fs = filesOf({
      ...KERNEL,
      ...AGENT,
      ...impostor,
      '/proc/self/status': statusText({ uid: 991, permitted: NET_ADMIN }),
      [conf]: '[directories]\nplugins = "/home/me"\nhealth config = /home/me\n',
    });
    const closed: CheckFileSystem = {
      ...fs,
      readlinkSync: (path) => {
        if (path === '/proc/812/exe') throw new Error('closed');
        return fs.readlinkSync(path);
      },
    };
    const { report } = await checked({ options: { fs: closed } });
    expect(report.agent).toMatchObject({ state: 'unverified', pid: 812, user: '666', plugin_directory: PLUGINS });
    expect(found(report)).toEqual(['agent note unverified', 'conntrackd note conntrackd_down']);
    expect(JSON.stringify(report)).not.toContain('/home/me');
  });

  it('is what root has seen it to be', async () => {
    const links = { '/proc/812/ns/net': 'net:[401]', '/proc/self/ns/net': 'net:[401]' };
    const seen = { pid: 812, network: 'net:[402]' };
    const { report } = await checked({ links, options: { seen } });
    expect(found(report)).toContain('agent hint elsewhere');
    const none = await checked({ options: { seen: { pid: undefined, network: undefined } } });
    expect(none.report.agent.state).toBe('installed');
  });

  it.each([
    ['[plugins]\nenable running new plugins = no', true],
    ['[plugins]\nenable running new plugins = no\nconntrack = yes', false],
    ['[plugins]\nenable running new plugins = yes', false],
  ])('with %j has the plugin turned off: %s', async (settings, isOff) => {
    const { report } = await checked({ texts: { '/etc/netdata/netdata.conf': settings } });
    expect(found(report).includes('agent fault turned_off')).toBe(isOff);
  });

  it.each([
    ['the setup script and the usual configuration', `${PLUGINS}/conntrack-setup`, '/etc/netdata/netdata.conf', 'sudo'],
    ['no setup script', '/x', '/etc/netdata/netdata.conf', '[plugin:proc]'],
    ['a configuration elsewhere', `${PLUGINS}/conntrack-setup`, '/e/netdata.conf', '[plugin:proc]'],
  ])('and has %s draws twice until that is turned off', async (_, setup, conf, first) => {
    const agent = processFiles(812, { name: 'netdata', uid: 991, gid: 981 }, ['netdata', '-c', conf]);
    const { report } = await checked({ texts: { ...agent, [setup]: '', '/etc/netdata/netdata.conf': '', [conf]: '' } });
    expect(report.builtin.findings[0]?.remedy?.lines[0]?.split(' ')[0]).toBe(first);
    expect(JSON.stringify(report.builtin)).toContain('sudo systemctl restart netdata');
  });
});

describe('an agent below another prefix', () => {
  const ELSEWHERE = '/srv/nd/usr/lib/netdata/plugins.d';
  const program = { path: `${ELSEWHERE}/conntrack.plugin`, packaged: true };
  const texts = {
    ...KERNEL,
    '/etc/passwd': AGENT['/etc/passwd'],
    '/etc/group': AGENT['/etc/group'],
    [`${ELSEWHERE}/conntrack-setup`]: '',
    '/srv/nd/etc/netdata/conntrack.conf': 'mode: full\n',
    '/proc/self/status': statusText({ uid: 991, permitted: NET_ADMIN }),
  };

  it('has its own configuration checked, and remedies for its own folders', async () => {
    const { report, text } = await checked({ options: { fs: filesOf({ ...texts, [program.path]: '' }), program } });
    expect(report.configuration.file).toBe('/srv/nd/etc/netdata/conntrack.conf');
    expect(found(report)).toContain('configuration fault invalid');
    expect(text).toContain('--replace-builtin --prefix /srv/nd');
    expect(text).toContain('Start the agent below /srv/nd.');
    expect(text).toContain(
      'Copy health/conntrack.conf of the plugin into\n          /srv/nd/etc/netdata/health.d, then:',
    );
  });

  it('is told to be given the plugin with its prefix', async () => {
    const other = { path: '/home/me/conntrack.plugin', packaged: true };
    const running = processFiles(41, { name: 'netdata', uid: 991, gid: 981 }, ['netdata', '-D']);
    const files = { ...texts, ...running, [other.path]: '', '/srv/nd/usr/sbin/netdata': '' };
    const links = { '/proc/41/exe': '/srv/nd/usr/sbin/netdata' };
    const { report } = await checked({ options: { fs: filesOf(files, links), program: other } });
    const finding = report.agent.findings.find(({ code }) => code === 'not_installed');
    expect(finding?.remedy?.note).toBe('Install the plugin there: install.sh --prefix /srv/nd');
  });
});

describe('an agent whose configuration is nowhere to be found', () => {
  it('has no place in a remedy left open', async () => {
    const running = processFiles(41, { name: 'netdata', uid: 991, gid: 981 }, ['netdata', '-D']);
    const texts = { ...KERNEL, ...running, '/srv/build/netdata': '', '/proc/self/status': statusText() };
    const fs = filesOf(texts, { '/proc/41/exe': '/srv/build/netdata' });
    const { report, text } = await checked({ options: { fs } });
    expect(found(report)).toContain('builtin hint duplicate_charts');
    expect(text).toContain("Write this into the agent's netdata.conf");
    expect(text).not.toMatch(/[{}]/);
  });
});

describe('a text from outside', () => {
  it('cannot steer the terminal', async () => {
    const program = { path: '/p\u001b[2J/conntrack.plugin', packaged: true };
    const { text } = await checked({ texts: { [program.path]: '' }, options: { program, uid: 1000 } });
    expect(text).not.toContain('\u001b');
    expect(text).toContain("sudo '/p\\u{1b}[2J/conntrack.plugin' check");
  });
});

describe('accounting', () => {
  const hinted = async (conntrackd: Module, acct: string): Promise<boolean> => {
    const { report } = await checked({ modules: [conntrackd], texts: { [`${NETFILTER}/nf_conntrack_acct`]: acct } });
    return found(report).includes('kernel hint no_accounting');
  };
  const there = module('conntrackd', '/run/c.ctl');

  it('that is off is worth a hint where there is a conntrackd', async () => {
    expect(await hinted(there, '0\n')).toBe(true);
    expect(await hinted(module('conntrackd', '/run/c.ctl', { loses: 'all' }), '0\n')).toBe(true);
    expect(await hinted(there, '1\n')).toBe(false);
    expect(await hinted(module('conntrackd', '/run/c.ctl', { loses: 'nothing' }), '0\n')).toBe(false);
  });
});

describe('a program that may not be run', () => {
  it('is the fault; no module is tried', async () => {
    const unusable = { severity: 'fault', code: 'not_executable', text: 'no way', remedy: undefined } as const;
    const { config, report } = await checked({ unusable });
    expect(report).toMatchObject({ works: false, modules: [], program: { findings: [unusable] } });
    expect(config).toBeUndefined();
  });
});

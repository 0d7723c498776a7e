import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { filesOf, NONE, processFiles, statusText } from '../helpers/check_host.ts';
import {
  AGENT,
  BOOT,
  checked,
  found,
  KERNEL,
  module,
  NETFILTER,
  PLUGINS,
  PROGRAM,
  RUNNING,
  WITHOUT_CAPABILITY,
} from '../helpers/check_scene.ts';

describe('the report of a host without faults', () => {
  beforeEach(() => void vi.stubEnv('TZ', 'UTC'));
  afterEach(() => void vi.unstubAllEnvs());

  it('fits on one screen', async () => {
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
✓ ok    configuration   no configuration file, using defaults
– none  namespaces      no other network namespaces
✓ ok    stat            /proc/net/stat/nf_conntrack
✓ ok    events          ctnetlink
✓ ok    flows           ctnetlink
✓ ok    sockets         sock_diag
– none  conntrackd      conntrackd is not running (/run/conntrackd.ctl)
– off   built-in charts off
                        contexts netfilter.conntrack_*: netdata.conf turns them
                        off

ok: all enabled modules work
`);
  });

  it('is complete as JSON, without the values that are unknown', async () => {
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
      privilege: {
        needed_by: ['events', 'flows'],
        permitted: true,
        sys_admin: { granted: false, permitted: false },
        findings: [],
      },
      configuration: { findings: [] },
      namespaces: { enabled: 'auto', found: 0, readable: 0, active: 0, hidden: 0, listed: [], findings: [] },
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
});

describe('the privilege in the report', () => {
  it('lists the modules that fail without the capability, and the remedy once', async () => {
    const { report, text } = await checked({
      own: { permitted: NONE },
      modules: WITHOUT_CAPABILITY,
      texts: { '/etc/netdata/netdata.conf': '', [`${PLUGINS}/conntrack-setup`]: '' },
    });
    expect(report.works).toBe(false);
    expect(text.slice(text.indexOf('✗'))).toBe(`✗ FAIL  privilege       CAP_NET_ADMIN, for events, flows
        the program lacks CAP_NET_ADMIN
            sudo chown root:netdata \\
              /usr/libexec/netdata/plugins.d/conntrack.plugin
            sudo chmod 0750 /usr/libexec/netdata/plugins.d/conntrack.plugin
            sudo setcap cap_net_admin=p \\
              /usr/libexec/netdata/plugins.d/conntrack.plugin
✓ ok    configuration   no configuration file, using defaults
– none  namespaces      no other network namespaces
✓ ok    stat            /proc/net/stat/nf_conntrack
✗ FAIL  events          ctnetlink
        the plugin lacks CAP_NET_ADMIN (see above)
✗ FAIL  flows           ctnetlink
        the plugin lacks CAP_NET_ADMIN (see above)
✓ ok    sockets         sock_diag
✓ ok    conntrackd      /run/conntrackd.ctl
✓ ok    built-in charts on
                        contexts conntrack.*: netdata.conf leaves them on
        hint: Netdata's built-in collector draws six of the same charts
          After the restart the plugin's charts have the contexts
          netfilter.conntrack_*.
            sudo /usr/libexec/netdata/plugins.d/conntrack-setup \\
              --replace-builtin
            sudo systemctl restart netdata

FAIL: privilege, events, flows
`);
  });

  it('is not the reason for a module that fails although the process has the capability', async () => {
    const { report } = await checked({ modules: WITHOUT_CAPABILITY });
    expect(found(report)).toContain('events fault no_capability');
    expect(report.modules[1]?.findings[0]?.remedy?.note).toMatch(/^A user namespace/);
  });

  it('is at fault for each program, running or installed, through which other users get the capability', async () => {
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

  it('is at fault because of a nosuid mount of the program', async () => {
    const { report } = await checked({
      own: { permitted: NONE },
      modules: WITHOUT_CAPABILITY,
      texts: { '/proc/self/mountinfo': '9 1 8:1 / /usr rw,nosuid - ext4 /dev/sda rw\n' },
    });
    expect(found(report)).toContain('privilege fault nosuid');
  });
});

describe('the configuration in the report', () => {
  it("is the file in the agent's directories", async () => {
    const file = '/etc/netdata/conntrack.conf';
    const { config, report } = await checked({ texts: { [file]: 'update_every: 17\n' } });
    expect(report.configuration).toEqual({ file, findings: [] });
    expect(config?.update_every).toBe(17);
  });

  it('is the file named by --config instead, if there is one', async () => {
    const { config, report } = await checked({
      texts: { '/etc/netdata/conntrack.conf': 'update_every: 17\n', '/x.conf': 'update_every: 19\n' },
      options: { configFile: '/x.conf' },
    });
    expect(report.configuration.file).toBe('/x.conf');
    expect(config?.update_every).toBe(19);
  });

  it('is the file named on the command line of the running plugin, unless --config names another', async () => {
    const texts = {
      ...processFiles(813, { uid: 991, gid: 981, parent: 812 }, [PROGRAM, '1', '--config', '/given.conf'], 20_000),
      '/etc/netdata/conntrack.conf': 'update_every: 17\n',
      '/given.conf': 'update_every: 19\n',
      '/x.conf': 'update_every: 23\n',
    };
    expect((await checked({ texts })).report.configuration.file).toBe('/given.conf');
    expect((await checked({ texts, options: { configFile: '/x.conf' } })).report.configuration.file).toBe('/x.conf');
  });

  it('explains why no plugin is running if it disables every module', async () => {
    const gone = { '/proc/813/cmdline': 'sh\0' };
    expect(found((await checked({ texts: gone })).report)).toContain('agent fault plugin_not_running');
    const texts = { ...gone, '/etc/netdata/conntrack.conf': 'namespaces: { enabled: no }\n' };
    const { report } = await checked({ texts, modules: [] });
    expect(found(report)).not.toContain('agent fault plugin_not_running');
  });

  it('has a fault for each problem, while the modules are checked with the defaults', async () => {
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
– none  namespaces      no other network namespaces
✓ ok    stat  `);
    expect(text).toMatch(/\n\nFAIL: configuration\n$/);
  });

  it('has a fault if the file is not a regular file', async () => {
    const { report } = await checked({ texts: { '/directory/x': '' }, options: { configFile: '/directory' } });
    expect(report.configuration.findings).toMatchObject([
      { code: 'unreadable', text: 'cannot be read: read /directory: not a regular file' },
    ]);
  });

  it('has a fault if the file named by --config is missing', async () => {
    const { report } = await checked({ options: { configFile: '/missing.conf' } });
    expect(report.configuration.file).toBe('/missing.conf');
    expect(found(report)).toContain('configuration fault unreadable');
  });
});

describe("the report on a program that the agent's user cannot run", () => {
  it('has that fault and no modules', async () => {
    const unusable = { severity: 'fault', code: 'not_executable', text: 'no way', remedy: undefined } as const;
    const { config, report } = await checked({ unusable });
    expect(report).toMatchObject({ works: false, modules: [], program: { findings: [unusable] } });
    expect(config).toBeUndefined();
  });
});

describe('the kernel in the report', () => {
  it('has the hint that accounting is off only if conntrackd is present', async () => {
    const hint = 'kernel hint no_accounting';
    expect(found((await checked({ modules: [module('conntrackd', '/run/c.ctl')] })).report)).toContain(hint);
    expect(found((await checked()).report)).not.toContain(hint);
  });
});

import { describe, expect, it } from 'vitest';

import type { CheckFileSystem } from '../../collector/check/files.ts';
import { filesOf, NET_ADMIN, NONE, OTHERS, processFiles, statusText } from '../helpers/check_host.ts';
import { AGENT, checked, found, KERNEL, PLUGINS, PROGRAM, WITHOUT_CAPABILITY } from '../helpers/check_scene.ts';

describe('the agent in the report', () => {
  it('has only a hint if there is none, and no settings', async () => {
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

  it('has a hint if it is not running, even if its built-in charts are on', async () => {
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

  it('has a fault if netdata.conf disables the plugin', async () => {
    const { report } = await checked({
      texts: { '/etc/netdata/netdata.conf': '[plugins]\nconntrack = no\nproc = no' },
    });
    expect(found(report)).toContain('agent fault turned_off');
  });

  it('has a hint if it starts a different program, or none', async () => {
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

  it('has a hint if it is in another network namespace', async () => {
    const links = { '/proc/812/ns/net': 'net:[402]', '/proc/self/ns/net': 'net:[401]' };
    const { report } = await checked({ links });
    expect(report.agent.findings.map(({ code, remedy }) => [code, remedy?.lines])).toEqual([
      ['elsewhere', [`sudo nsenter --net=/proc/812/ns/net ${PROGRAM} check`]],
    ]);
    const same = await checked({ links: { ...links, '/proc/812/ns/net': 'net:[401]' } });
    expect(same.report.agent.findings).toEqual([]);
  });

  it('has a hint to check as root if it runs as another user', async () => {
    const { report } = await checked({ options: { uid: 1000 } });
    expect(report.program).toMatchObject({ user: '1000', findings: [{ severity: 'hint', code: 'other_user' }] });
    expect(report.program.findings[0]?.remedy?.lines).toEqual([`sudo ${PROGRAM} check`]);
  });
});

describe('a running agent in the report', () => {
  const BOUNDED = processFiles(812, { name: 'netdata', uid: 991, gid: 981, bounding: OTHERS }, ['netdata', '-D']);

  it('makes the modules that work here fail if it cannot pass the capability on', async () => {
    const { report, text } = await checked({ texts: BOUNDED });
    expect(found(report)).toEqual([
      'privilege fault agent_bounded',
      'events fault agent_bounded',
      'flows fault agent_bounded',
      'conntrackd note conntrackd_down',
    ]);
    expect(report.modules.map(({ state }) => state)).toEqual(['works', 'fails', 'fails', 'works', 'absent']);
    expect(text).toContain('and so of its plugins, lacks\n        CAP_NET_ADMIN (see above)\n✗ FAIL  flows');
    expect(text).toMatch(/FAIL: privilege, events, flows\n$/);
  });

  it('leaves modules unchecked, without a fault, that only its ambient capability allows', async () => {
    const ambient = processFiles(812, { name: 'netdata', uid: 991, gid: 981, ambient: NET_ADMIN });
    const { report, text } = await checked({ own: { permitted: NONE }, texts: ambient, modules: WITHOUT_CAPABILITY });
    expect(report.works).toBe(true);
    expect(report.modules.map(({ state }) => state)).toEqual(['works', 'unknown', 'unknown', 'works', 'works']);
    expect(text).toMatch(/\n\nok: works, except not checked: events, flows; see the 2 hints above\n$/);
    expect(text).toContain(
      '? skip  events          ctnetlink\n        not checked without the capability (see above)\n',
    );
  });

  it('has no paths and capabilities of a process that cannot be identified', async () => {
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

  it('has the process and the network namespace that root sees', async () => {
    const links = { '/proc/812/ns/net': 'net:[401]', '/proc/self/ns/net': 'net:[401]' };
    const seen = { pid: 812, program: '/usr/sbin/netdata', network: 'net:[402]' };
    const { report } = await checked({ links, options: { seen } });
    expect(found(report)).toContain('agent hint elsewhere');
    const none = await checked({ options: { seen: { pid: undefined, network: undefined } } });
    expect(none.report.agent.state).toBe('installed');
  });

  it.each([
    ['[plugins]\nenable running new plugins = no', true],
    ['[plugins]\nenable running new plugins = no\nconntrack = yes', false],
    ['[plugins]\nenable running new plugins = yes', false],
  ])('with %j in netdata.conf has the fault that the plugin is disabled: %s', async (settings, isOff) => {
    const { report } = await checked({ texts: { '/etc/netdata/netdata.conf': settings } });
    expect(found(report).includes('agent fault turned_off')).toBe(isOff);
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

  it('has its configuration in the report, and its directories in the remedies', async () => {
    const { report, text } = await checked({ options: { fs: filesOf({ ...texts, [program.path]: '' }), program } });
    expect(report.configuration.file).toBe('/srv/nd/etc/netdata/conntrack.conf');
    expect(found(report)).toContain('configuration fault invalid');
    expect(text).toContain('--replace-builtin --prefix /srv/nd');
    expect(text).toContain('Start the agent in /srv/nd.');
    expect(text).toContain(
      'copy its health/conntrack.conf to\n          /srv/nd/etc/netdata/health.d and restart the agent.',
    );
  });

  it('has that prefix in the command that installs the plugin', async () => {
    const other = { path: '/home/me/conntrack.plugin', packaged: true };
    const running = processFiles(41, { name: 'netdata', uid: 991, gid: 981 }, ['netdata', '-D']);
    const files = { ...texts, ...running, [other.path]: '', '/srv/nd/usr/sbin/netdata': '' };
    const links = { '/proc/41/exe': '/srv/nd/usr/sbin/netdata' };
    const { report } = await checked({ options: { fs: filesOf(files, links), program: other } });
    const finding = report.agent.findings.find(({ code }) => code === 'not_installed');
    expect(finding?.remedy?.note).toBe('Install the plugin: install.sh --prefix /srv/nd');
  });
});

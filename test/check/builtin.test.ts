import { describe, expect, it } from 'vitest';

import type { CheckFileSystem } from '../../collector/check/files.ts';
import { filesOf, processFiles, statusText } from '../helpers/check_host.ts';
import { AGENT, checked, found, KERNEL, PLUGINS, RUNNING } from '../helpers/check_scene.ts';

describe('the built-in charts in the report', () => {
  it.each(['[plugins]\nproc = no', '[plugin:proc]\n/proc/net/stat/conntrack = no'])(
    'are off, without a finding, with %j',
    async (settings) => {
      const { report } = await checked({ texts: { '/etc/netdata/netdata.conf': settings } });
      expect(report.builtin).toEqual({ charts: false, contexts: 'netfilter', contexts_reason: 'off', findings: [] });
    },
  );

  it.each([
    ['', 'netfilter', 'on', 'doubled_values'],
    ['', 'conntrack', 'on', 'duplicate_charts'],
    ['[plugins]\nproc = no', 'netfilter', 'off', undefined],
    ['[plugins]\nproc = no', 'conntrack', 'off', undefined],
  ])(
    'have, with %j in netdata.conf, the contexts that conntrack.conf sets to %s',
    async (settings, contexts, state, code) => {
      const { report, text } = await checked({
        texts: { '/etc/netdata/netdata.conf': settings, '/etc/netdata/conntrack.conf': `contexts: ${contexts}\n` },
      });
      expect(report.builtin).toMatchObject({ charts: state === 'on', contexts, contexts_reason: 'configured' });
      expect(report.builtin.findings.map((finding) => finding.code)).toEqual(code === undefined ? [] : [code]);
      const names = { netfilter: 'netfilter.conntrack_*', conntrack: 'conntrack.*' }[contexts];
      const lines = text.slice(text.indexOf('built-in charts'));
      expect(lines.replaceAll(/\s+/g, ' ')).toContain(
        `built-in charts ${state} contexts ${names}: set in conntrack.conf`,
      );
    },
  );

  it('have a hint on doubled values if the agent was started with a different netdata.conf than the plugin reads', async () => {
    const agent = processFiles(812, { name: 'netdata', uid: 991, gid: 981 }, ['netdata', '-c', '/e/netdata.conf']);
    const { report } = await checked({
      texts: { ...agent, '/e/netdata.conf': '', '/etc/netdata/netdata.conf': '[plugins]\nproc = no' },
    });
    expect(report.builtin).toMatchObject({ charts: true, contexts: 'netfilter', contexts_reason: 'off' });
    expect(found(report)).toContain('builtin hint doubled_values');
  });

  it('are unknown if netdata.conf cannot be read', async () => {
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

  it.each([
    ['the script and the usual netdata.conf', `${PLUGINS}/conntrack-setup`, '/etc/netdata/netdata.conf', 'sudo'],
    ['no script', '/x', '/etc/netdata/netdata.conf', '[plugin:proc]'],
    ['another netdata.conf', `${PLUGINS}/conntrack-setup`, '/e/netdata.conf', '[plugin:proc]'],
  ])('have a hint on how to turn them off with %s', async (_, setup, conf, first) => {
    const agent = processFiles(812, { name: 'netdata', uid: 991, gid: 981 }, ['netdata', '-c', conf]);
    const { report } = await checked({ texts: { ...agent, [setup]: '', '/etc/netdata/netdata.conf': '', [conf]: '' } });
    expect(report.builtin.findings[0]?.remedy?.lines[0]?.split(' ')[0]).toBe(first);
    expect(JSON.stringify(report.builtin)).toContain('sudo systemctl restart netdata');
  });

  it('have a hint without placeholders if the agent is in an unknown place', async () => {
    const running = processFiles(41, { name: 'netdata', uid: 991, gid: 981 }, ['netdata', '-D']);
    const texts = { ...KERNEL, ...running, '/srv/build/netdata': '', '/proc/self/status': statusText() };
    const fs = filesOf(texts, { '/proc/41/exe': '/srv/build/netdata' });
    const { report, text } = await checked({ options: { fs } });
    expect(found(report)).toContain('builtin hint duplicate_charts');
    expect(text).toContain("Add this to the agent's netdata.conf");
    expect(text).not.toMatch(/[{}]/);
  });
});

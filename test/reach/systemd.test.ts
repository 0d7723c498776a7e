/**
 * The Debian package in a Debian whose agent systemd starts: what `check` prints is typed, until nothing is left to fix; then
 * the system is booted again, and the package upgraded, repaired and purged.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { buildPackages } from '../../collector/package/packages.ts';
import { version } from '../../package.json';
import { withVersion } from '../helpers/built_packages.ts';
import { UNSEEN, unseenIn } from './remedies.ts';
import { Results } from './results.ts';
import { runSystem } from './system.ts';

const missing = inject('missingReach');

const MINUTES = 60_000;
/** What systemd.sh breaks and repairs. */
const PARTS = ['fresh', 'broken', 'hardened', 'idle', 'namespaces', 'closed', 'exposed'] as const;
/** What it only looks into. */
const LOOKS = ['elsewhere', 'ambient', 'person', 'copy'] as const;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const DROP_INS = '/etc/systemd/system/netdata.service.d';
/** Priorities of syslog by the level of a line. Source: RFC 5424, 6.2.1. */
const PRIORITIES: Readonly<Record<string, string>> = { error: '3', warning: '4', notice: '5', info: '6' };

describe.skipIf(missing.systemd !== undefined)('under systemd', () => {
  const folder = mkdtempSync(join(tmpdir(), 'conntrack-systemd-'));
  let guest: Results;

  beforeAll(async () => {
    const plugin = buildPackages(join(folder, 'packages'), 'fast').debian;
    const older = withVersion(plugin, '0.0.7', join(folder, 'older'));
    guest = new Results(await runSystem(folder, { older, plugin }));
  }, 60 * MINUTES);

  afterAll(() => rmSync(folder, { recursive: true, force: true }), MINUTES);

  it('runs both scripts: the package installs, upgrades and is purged, and the agent starts the plugin from it', () => {
    expect([guest.read('timeouts'), guest.lines('apt.codes')]).toEqual(['', ['0', '0', '0', '0']]);
  });

  it('reports connection tracking as not loaded, and loads no module', () => {
    expect(guest.read('modules.before')).not.toMatch(/conntrack/);
    expect(guest.rounds('fresh')[0]?.report).toMatch(/connection tracking not\s+loaded/);
  });

  it.each(PARTS)('every command that check prints succeeds as printed, until all is well: %s', (part) => {
    const [last, ...before] = [...guest.rounds(part)].reverse();
    expect(last).toMatchObject({ code: '0', exit: '' });
    expect(last?.report).toMatch(/^ok: all enabled modules work$/m);
    expect(before.map(({ code }) => code)).toContain('1');
    expect(before.filter(({ exit }) => exit !== '0')).toEqual([]);
  });

  it('names the line that turns the plugin on, which the agent then starts', () => {
    expect(guest.look('off')).toMatchObject({ code: '1', commands: 'conntrack = yes\n' });
    expect(guest.rounds('on').at(-1)?.report).toMatch(/^ok: all enabled modules work$/m);
  });

  it.each(LOOKS)('the check that check prints finds nothing more: %s', (name) => {
    const { commands, exit, output, report } = guest.look(name);
    expect(commands).not.toBe('');
    expect(report).not.toMatch(/^ok: all enabled modules work$/m);
    expect(exit).toBe('0');
    expect(output).toMatch(/^ok: all enabled modules work(; see the hint above)?$/m);
  });

  it('prints every remedy that can occur here', () => {
    const looks = [...LOOKS, 'stopped', 'invalid', 'off', 'damaged'].map((name) => guest.look(name));
    const rounds = PARTS.flatMap((part) => guest.rounds(part));
    expect(unseenIn([...rounds, ...looks]).toSorted()).toEqual(Object.keys(UNSEEN).toSorted());
  });

  it('names a conntrackd that does not reply, and a command that shows its state', () => {
    const { code, exit, output } = guest.look('stopped');
    expect({ code, exit }).toEqual({ code: '1', exit: '0' });
    expect(output).toMatch(/^ +Active: active \(running\)/m);
  });

  it('names everything that a new installation lacks', () => {
    expect(guest.typed('fresh')).toEqual(
      expect.arrayContaining([
        'sudo modprobe nf_conntrack',
        `printf '[Service]\\nCapabilityBoundingSet=CAP_NET_ADMIN\\n' | sudo tee ${DROP_INS}/zz-conntrack.conf`,
        'sudo /usr/lib/netdata/plugins.d/conntrack-setup --replace-builtin',
      ]),
    );
  });

  it('names everything that an operator broke', () => {
    expect(guest.typed('broken')).toEqual(
      expect.arrayContaining([
        'sudo setcap cap_net_admin=p /usr/lib/netdata/plugins.d/conntrack.plugin',
        `printf '[Service]\\nNoNewPrivileges=no\\n' | sudo tee ${DROP_INS}/zz-conntrack-privileges.conf`,
        'sudo sysctl -w net.netfilter.nf_conntrack_acct=1',
        'sudo sysctl -w net.netfilter.nf_conntrack_events=1',
        'sudo chmod 0660 /run/conntrackd.sock',
      ]),
    );
  });

  it('prints drop-ins that systemd loads, after one of `systemctl edit`', () => {
    const units = guest.read('units');
    expect(units).toContain(`# ${DROP_INS}/zz-conntrack.conf\n[Service]\nCapabilityBoundingSet=CAP_NET_ADMIN\n`);
    expect(units.indexOf(`# ${DROP_INS}/zz-conntrack-privileges.conf`)).toBeGreaterThan(
      units.indexOf(`# ${DROP_INS}/override.conf`),
    );
    const properties = guest.read('netdata.properties').trim().split('\n');
    expect(properties).toContain('NoNewPrivileges=no');
    expect(properties.find((line) => line.startsWith('CapabilityBoundingSet='))?.split(/[= ]/)).toEqual(
      expect.arrayContaining(['cap_net_admin', 'cap_dac_read_search', 'cap_net_raw']),
    );
  });

  it('gives the plugin CAP_NET_ADMIN and nothing else', () => {
    const { CapBnd = 0n, CapPrm } = guest.capabilities('plugin');
    const admin = 1n << 12n;
    expect(CapPrm).toBe(admin);
    expect(CapBnd & admin).toBe(admin);
  });

  it('gives the plugin what entering a network namespace takes, which it does not keep effective', () => {
    expect(guest.typed('namespaces')).toEqual([
      'sudo chgrp netdata /etc/netdata/conntrack.conf && sudo chmod g+r /etc/netdata/conntrack.conf',
      'sudo /usr/lib/netdata/plugins.d/conntrack-setup --namespaces',
      `sudo mkdir -p ${DROP_INS}`,
      `printf '[Service]\\nCapabilityBoundingSet=CAP_NET_ADMIN CAP_SYS_ADMIN\\n' | sudo tee ${DROP_INS}/zz-conntrack.conf`,
      'sudo systemctl daemon-reload && sudo systemctl restart netdata',
    ]);
    const { CapEff = 0n, CapPrm } = guest.capabilities('namespaces');
    const system = 1n << 21n;
    expect(CapPrm).toBe((1n << 12n) | system);
    expect(CapEff & system).toBe(0n);
  });

  it.each(['closed', 'exposed'])('names what makes the program %s, and keeps what was granted', (part) => {
    expect(guest.typed(part)).toEqual(
      expect.arrayContaining([
        'sudo chmod 0750 /usr/lib/netdata/plugins.d/conntrack.plugin',
        'sudo setcap cap_net_admin,cap_sys_admin=p /usr/lib/netdata/plugins.d/conntrack.plugin',
      ]),
    );
  });

  it("keeps conntrackd's socket open to the agent's group when conntrackd restarts", () => {
    expect(guest.read('socket').trim()).toBe('660 root netdata');
  });

  it('draws the connections, their composition and the new ones as they were made', () => {
    const entries = ['entries.before', 'entries.after'].map((name) => Number(guest.read(name)));
    expect(Math.min(...entries)).toBeGreaterThanOrEqual(150);
    // Those of the agent's own connections come and go.
    const [connections = 0] = guest.stored('sockets', 'connections');
    expect(connections).toBeGreaterThanOrEqual(150);
    expect(connections).toBeLessThanOrEqual(Math.max(...entries));
    expect(Math.max(...guest.stored('flows_by_protocol', 'udp'))).toBe(150);
    // Rates of updates that are not exactly a second apart.
    expect(Math.abs(sum(guest.stored('new_by_protocol', 'udp')) - 150)).toBeLessThan(5);
  });

  describe('after a reboot', () => {
    it('works as before, if what the notes say of a reboot was done', () => {
      expect(guest.rounds('rebooted').map(({ report }) => report.trim().split('\n').at(-1))).toEqual([
        'ok: all enabled modules work',
      ]);
      expect(guest.lines('settings.after')).toEqual([
        'net.netfilter.nf_conntrack_acct = 1',
        'net.netfilter.nf_conntrack_events = 1',
      ]);
    });

    it('has the same privileges, and keeps them when the package is upgraded and installed again', () => {
      const { CapBnd, CapPrm } = guest.capabilities('namespaces');
      for (const part of ['rebooted', 'reinstalled'])
        expect(guest.capabilities(part)).toMatchObject({ CapBnd, CapPrm });
    });

    it('draws the same charts', () => {
      const [before, after] = [guest.lines('charts.before'), guest.lines('charts.after')];
      expect(before.length).toBeGreaterThan(20);
      expect(before.filter((id) => !after.includes(id))).toEqual([]);
    });
  });

  it('works after an upgrade, and after the installation that check asks for when files are missing', () => {
    expect(guest.look('damaged')).toMatchObject({ code: '1', commands: '' });
    for (const part of ['upgraded', 'reinstalled']) {
      expect(guest.rounds(part).at(-1)?.report).toMatch(/^ok: all enabled modules work$/m);
      expect(guest.typed(part)).toEqual([]);
    }
    expect(guest.lines('version')).toEqual([version]);
  });

  it('leaves nothing behind when it is purged, but what an operator made', () => {
    const ofOperator = /^\/etc\/(systemd\/system|modules-load\.d|sysctl\.d)\/|^\/etc\/netdata\/conntrack\.conf$/;
    expect(guest.lines('files.left').filter((path) => !ofOperator.test(path))).toEqual([]);
    expect(guest.lines('edits.left')).toEqual(['0']);
    expect(guest.lines('failed')).toEqual([]);
  });

  it('gives each line in the journal the priority of its level', () => {
    const lines = guest
      .read('journal')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ MESSAGE }) => String(MESSAGE).includes('comm=conntrack.plugin'));
    const levels = lines.map(({ MESSAGE }) => /\blevel=(\w+)/.exec(String(MESSAGE))?.[1] ?? '');
    expect(new Set(levels).size).toBeGreaterThan(1);
    expect(lines.map(({ PRIORITY }) => PRIORITY)).toEqual(levels.map((level) => PRIORITIES[level]));
  });
});

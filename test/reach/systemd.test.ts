/** The Debian package in a Debian whose agent systemd starts: what `check` prints is typed, until nothing is left to fix. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { buildPackages } from '../../collector/package/packages.ts';
import { runSystem } from './system.ts';

const missing = inject('missingReach');

const MINUTES = 60_000;
const DROP_INS = '/etc/systemd/system/netdata.service.d';
/** Priorities of syslog by the level of a line. Source: RFC 5424, 6.2.1. */
const PRIORITIES: Readonly<Record<string, string>> = { error: '3', warning: '4', notice: '5', info: '6' };

describe.skipIf(missing.systemd !== undefined)('under systemd', () => {
  const folder = mkdtempSync(join(tmpdir(), 'conntrack-systemd-'));
  let read: (name: string) => string;

  beforeAll(async () => {
    read = await runSystem(folder, buildPackages(join(folder, 'packages'), 'fast').debian);
  }, 40 * MINUTES);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  interface Round {
    readonly report: string;
    /** The exit code of `check`. */
    readonly code: string;
    readonly commands: string;
    /** The exit code of the commands; empty if none was typed. */
    readonly exit: string;
    readonly output: string;
  }

  /** What was printed and typed in one part. */
  const rounds = (part: string): readonly Round[] =>
    Array.from({ length: 8 }, (_, at): Round => {
      const file = (name: string): string => read(`${part}.${at + 1}.${name}`);
      const [code, exit] = [file('code').trim(), file('exit').trim()];
      return { report: file('report'), code, commands: file('commands'), exit, output: file('output') };
    }).filter(({ code }) => code !== '');

  /** The commands of one part, unfolded. */
  const typed = (part: string): readonly string[] =>
    rounds(part)
      .map(({ commands }) => commands.replace(/ \\\n */g, ' '))
      .join('')
      .trim()
      .split('\n');

  /** What the agent stored of a dimension, the newest first; without seconds that it has no value of. */
  const stored = (chart: string, dimension: string): readonly number[] => {
    const { data, labels } = JSON.parse(read(`${chart}.json`)) as { labels: string[]; data: (number | null)[][] };
    return data.map((row) => row[labels.indexOf(dimension)]).filter((value) => typeof value === 'number');
  };
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

  it('runs the whole script: the package installs, and the agent starts the plugin from it', () => {
    expect([read('timeouts'), read('install.code').trim()]).toEqual(['', '0']);
  });

  it('reports connection tracking as not loaded, and loads no module', () => {
    expect(read('modules.before')).not.toMatch(/conntrack/);
    expect(rounds('fresh')[0]?.report).toMatch(/connection tracking not\s+loaded/);
  });

  it.each(['fresh', 'broken', 'namespaces', 'exposed'])(
    'every command that check prints succeeds as printed, until all is well: %s',
    (part) => {
      const [last, ...before] = [...rounds(part)].reverse();
      expect(last).toMatchObject({ code: '0', exit: '' });
      expect(last?.report).toMatch(/^ok: all enabled modules work$/m);
      expect(before[0]?.code).toBe('1');
      expect(before.filter(({ exit }) => exit !== '0')).toEqual([]);
    },
  );

  it('names everything that a new installation lacks', () => {
    expect(typed('fresh')).toEqual(
      expect.arrayContaining([
        'sudo modprobe nf_conntrack',
        `printf '[Service]\\nCapabilityBoundingSet=CAP_NET_ADMIN\\n' | sudo tee ${DROP_INS}/zz-conntrack.conf`,
        'sudo /usr/lib/netdata/plugins.d/conntrack-setup --replace-builtin',
      ]),
    );
  });

  it('names everything that an operator broke', () => {
    expect(typed('broken')).toEqual(
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
    const units = read('units');
    expect(units).toContain(`# ${DROP_INS}/zz-conntrack.conf\n[Service]\nCapabilityBoundingSet=CAP_NET_ADMIN\n`);
    expect(units.indexOf(`# ${DROP_INS}/zz-conntrack-privileges.conf`)).toBeGreaterThan(
      units.indexOf(`# ${DROP_INS}/override.conf`),
    );
    const properties = read('netdata.properties').trim().split('\n');
    expect(properties).toContain('NoNewPrivileges=no');
    expect(properties.find((line) => line.startsWith('CapabilityBoundingSet='))?.split(/[= ]/)).toEqual(
      expect.arrayContaining(['cap_net_admin', 'cap_dac_read_search', 'cap_net_raw']),
    );
  });

  /** The sets of capabilities of the plugin, as one part saw them. */
  const capabilities = (part: string): Readonly<Record<string, bigint>> =>
    Object.fromEntries(
      read(`${part}.capabilities`)
        .trim()
        .split('\n')
        .map((line) => line.split(/:\s+/))
        .map(([name, set]) => [name, BigInt(`0x${set}`)]),
    );

  it('gives the plugin CAP_NET_ADMIN and nothing else', () => {
    const { CapBnd = 0n, CapPrm } = capabilities('plugin');
    const admin = 1n << 12n;
    expect(CapPrm).toBe(admin);
    expect(CapBnd & admin).toBe(admin);
  });

  it('gives the plugin what entering a network namespace takes, which it does not keep effective', () => {
    expect(typed('namespaces')).toEqual([
      'sudo chgrp netdata /etc/netdata/conntrack.conf && sudo chmod g+r /etc/netdata/conntrack.conf',
      'sudo /usr/lib/netdata/plugins.d/conntrack-setup --namespaces',
      `sudo mkdir -p ${DROP_INS}`,
      `printf '[Service]\\nCapabilityBoundingSet=CAP_NET_ADMIN CAP_SYS_ADMIN\\n' | sudo tee ${DROP_INS}/zz-conntrack.conf`,
      'sudo systemctl daemon-reload && sudo systemctl restart netdata',
    ]);
    const { CapEff = 0n, CapPrm } = capabilities('namespaces');
    const system = 1n << 21n;
    expect(CapPrm).toBe((1n << 12n) | system);
    expect(CapEff & system).toBe(0n);
  });

  it('names what exposes the program, and keeps what was granted', () => {
    expect(typed('exposed')).toEqual(
      expect.arrayContaining([
        'sudo chmod 0750 /usr/lib/netdata/plugins.d/conntrack.plugin',
        'sudo setcap cap_net_admin,cap_sys_admin=p /usr/lib/netdata/plugins.d/conntrack.plugin',
        'sudo systemctl start netdata',
      ]),
    );
  });

  it("keeps conntrackd's socket open to the agent's group when conntrackd restarts", () => {
    expect(read('socket').trim()).toBe('660 root netdata');
  });

  it('draws the connections, their composition and the new ones as they were made', () => {
    const entries = ['entries.before', 'entries.after'].map((name) => Number(read(name)));
    expect(Math.min(...entries)).toBeGreaterThanOrEqual(150);
    // Those of the agent's own connections come and go.
    const [connections = 0] = stored('sockets', 'connections');
    expect(connections).toBeGreaterThanOrEqual(150);
    expect(connections).toBeLessThanOrEqual(Math.max(...entries));
    expect(Math.max(...stored('flows_by_protocol', 'udp'))).toBe(150);
    // Rates of updates that are not exactly a second apart.
    expect(Math.abs(sum(stored('new_by_protocol', 'udp')) - 150)).toBeLessThan(5);
  });

  it('gives each line in the journal the priority of its level', () => {
    const lines = read('journal')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ MESSAGE }) => String(MESSAGE).includes('comm=conntrack.plugin'));
    const levels = lines.map(({ MESSAGE }) => /\blevel=(\w+)/.exec(String(MESSAGE))?.[1] ?? '');
    expect(new Set(levels).size).toBeGreaterThan(1);
    expect(lines.map(({ PRIORITY }) => PRIORITY)).toEqual(levels.map((level) => PRIORITIES[level]));
  });
});

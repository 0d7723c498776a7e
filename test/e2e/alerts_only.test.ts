/** The alerts without the plugin, for a Netdata parent: from the installer, and as a Debian package. */

import { describe, expect, inject, it } from 'vitest';

import type { Machine, Result } from '../helpers/machine.ts';
import { addStaticAgent, PLUGINS, PREFIX, put, STATIC_PLUGINS, STATIC_STOCK } from '../helpers/machine_agents.ts';
import type { StandIns } from '../helpers/stand_in_package.ts';
import { INSTALLER, onMachines, UNINSTALLER, UNPACKED } from '../helpers/unpacked_archive.ts';
import { until } from '../helpers/until.ts';

const PLUGIN_PACKAGE = 'netdata-plugin-conntrack';
const ALERTS_PACKAGE = `${PLUGIN_PACKAGE}-alerts`;
const STOCK_ALERTS = '/usr/lib/netdata/conf.d/health.d/conntrack.conf';
const STATIC_ALERTS = `${STATIC_STOCK}/health.d/conntrack.conf`;
const PLUGIN = `${PLUGINS}/conntrack.plugin`;

/** Files that dpkg manages. */
const BOOKKEEPING = /^\/var\/(lib\/dpkg|log|cache)(\/|$)/;

describe.skipIf(inject('missing').package !== undefined)('the alerts alone', () => {
  let packages: StandIns;
  let machine: Machine;
  let before: Readonly<Record<string, string>>;

  const state = (): Readonly<Record<string, string>> =>
    Object.fromEntries(Object.entries(machine.changes()).filter(([path]) => !BOOKKEEPING.test(path)));
  /** The files that are not as they were before, without folders, whose times change. */
  const changed = (): readonly string[] => {
    const now = state();
    return [...new Set([...Object.keys(now), ...Object.keys(before)])].filter((path) => now[path] !== before[path]);
  };
  const dpkg = (file: string): Result => machine.attempt(['dpkg', '-i', put(machine, file)]);
  const isInstalled = (name: string): boolean =>
    machine.attempt(['dpkg', '--status', name]).stdout.includes('\nStatus: install ok installed\n');

  onMachines((started, built) => {
    machine = started;
    packages = built;
    for (const file of [packages.alerts, packages.debian]) put(machine, file);
    before = state();
  });

  describe('by the installer', () => {
    it.each([
      ['the only agent', [], STOCK_ALERTS],
      ['the agent below a prefix', ['--prefix', PREFIX], STATIC_ALERTS],
    ])('are one file in %s, and the uninstaller removes it', (_, words, alerts) => {
      if (alerts === STATIC_ALERTS) addStaticAgent(machine);
      before = state();
      expect(machine.attempt([INSTALLER, '--alerts-only', ...words])).toMatchObject({ status: 0, stderr: '' });
      expect(changed()).toEqual([alerts]);
      expect(machine.run(['stat', '-c', '%U:%G %a', alerts])).toBe('root:root 644\n');
      expect(machine.read(alerts)).toBe(machine.read(`${UNPACKED}/health.d/conntrack.conf`));
      expect(machine.attempt([UNINSTALLER, '--alerts-only', ...words])).toMatchObject({ status: 0, stderr: '' });
      expect(state()).toEqual(before);
      const again = machine.attempt([UNINSTALLER, '--alerts-only', ...words]);
      expect(again).toMatchObject({ status: 1, stderr: expect.stringContaining('no installed alerts') });
    });

    it('are refused where the plugin is installed, and nothing changes', () => {
      machine.run([INSTALLER]);
      const installed = state();
      for (const script of [INSTALLER, UNINSTALLER]) {
        expect(machine.attempt([script, '--alerts-only'])).toMatchObject({
          status: 1,
          stderr: `conntrack-setup: --alerts-only: conntrack.plugin is installed in ${PLUGINS}, with its alerts: omit --alerts-only\n`,
        });
        expect(state()).toEqual(installed);
      }
    });

    it('are replaced by the plugin, and can be installed again after its removal', () => {
      for (let round = 0; round < 2; round++) {
        expect(machine.attempt([INSTALLER, '--alerts-only'])).toMatchObject({ status: 0, stderr: '' });
        expect(machine.attempt([INSTALLER])).toMatchObject({ status: 0, stderr: '' });
        expect(machine.attempt([UNINSTALLER])).toMatchObject({ status: 0, stderr: '' });
        expect(state()).toEqual(before);
      }
    });

    it('are not installed into a folder that another user can write to', () => {
      machine.run(['chown', 'netdata', '/usr/lib/netdata/conf.d/health.d']);
      const exposed = state();
      const { status, stderr } = machine.attempt([INSTALLER, '--alerts-only']);
      expect(stderr).toContain('users other than root can write to /usr/lib/netdata/conf.d/health.d');
      expect(status).toBe(1);
      expect(state()).toEqual(exposed);
    });

    it('reach a running agent, which gets the signal to reload health', async () => {
      const log = '/tmp/log';
      machine.run(['mkdir', '/srv/agent']);
      machine.run(['cp', '/bin/dash', '/srv/agent/netdata']);
      const script = `trap 'echo USR2 >>${log}' USR2; echo ready >${log}; while :; do sleep 0.1; done`;
      machine.start(['/srv/agent/netdata', '-c', script]);
      const says = (text: string) => (): boolean =>
        machine.describe(log) !== undefined && machine.read(log).includes(text);
      await until('the agent runs', 120, says('ready'));
      machine.run([INSTALLER, '--alerts-only']);
      await until('the agent gets the signal', 120, says('USR2'));
      expect(machine.read(log)).toBe('ready\nUSR2\n');
    });

    it.each([
      ['install', '--alerts-only', '--replace-builtin'],
      ['--alerts-only'],
      ['--restore-builtin', '--alerts-only'],
    ])('are refused with the arguments %s %s %s', (...words) => {
      const { status, stderr } = machine.attempt([`${UNPACKED}/conntrack-setup`, ...words]);
      const reason = `expected a command of --help, got: ${words.join(' ')}`;
      expect({ status, stderr }).toEqual({ status: 1, stderr: `conntrack-setup: ${reason}\n` });
      expect(state()).toEqual(before);
    });
  });

  describe('as a Debian package', () => {
    it('are installed with documentation, linked into other agents, and removed completely', () => {
      addStaticAgent(machine);
      before = state();
      expect(dpkg(packages.alerts)).toMatchObject({ status: 0, stderr: '' });
      expect(changed().filter((path) => !path.startsWith('/usr/share/'))).toEqual([STATIC_ALERTS, STOCK_ALERTS]);
      expect(machine.run(['readlink', STATIC_ALERTS])).toBe(`${STOCK_ALERTS}\n`);
      expect(machine.run(['ls', `/usr/share/doc/${ALERTS_PACKAGE}`])).toBe(
        'CHANGELOG.md\nchangelog.gz\ncopyright\nparents.md\n',
      );
      expect(machine.attempt([INSTALLER, '--alerts-only', '--prefix', '/'])).toMatchObject({
        status: 1,
        stderr: `conntrack-setup: the package ${ALERTS_PACKAGE} is installed: use apt\n`,
      });
      expect(machine.attempt(['dpkg', '-r', ALERTS_PACKAGE])).toMatchObject({ status: 0 });
      expect(state()).toEqual(before);
    });

    it('are replaced by the package of the plugin, and replace it', () => {
      expect(dpkg(packages.alerts)).toMatchObject({ status: 0 });
      expect(dpkg(packages.debian)).toMatchObject({ status: 0 });
      expect([isInstalled(PLUGIN_PACKAGE), isInstalled(ALERTS_PACKAGE)]).toEqual([true, false]);
      expect(machine.describe(PLUGIN)).toBeDefined();
      expect(machine.run(['dpkg', '--verify', PLUGIN_PACKAGE])).toBe('');
      expect(dpkg(packages.alerts)).toMatchObject({ status: 0 });
      expect([isInstalled(PLUGIN_PACKAGE), isInstalled(ALERTS_PACKAGE)]).toEqual([false, true]);
      expect(machine.describe(PLUGIN)).toBeUndefined();
      expect(machine.run(['dpkg', '--verify', ALERTS_PACKAGE])).toBe('');
      expect(machine.attempt(['dpkg', '-P', PLUGIN_PACKAGE, ALERTS_PACKAGE])).toMatchObject({ status: 0 });
      expect(state()).toEqual(before);
    });

    it('do not touch an agent in which install.sh has installed the plugin', () => {
      addStaticAgent(machine);
      machine.run([INSTALLER, '--prefix', PREFIX]);
      before = state();
      expect(dpkg(packages.alerts)).toMatchObject({ status: 0, stderr: '' });
      expect(changed().filter((path) => path.startsWith(PREFIX))).toEqual([]);
      expect(machine.describe(`${STATIC_PLUGINS}/conntrack.plugin`)).toBeDefined();
    });
  });
});

/** The packages on a disposable machine: installed in a running agent, upgraded, removed. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { AgentApi } from '../helpers/agent_api.ts';
import {
  type BuiltPackages,
  built,
  install,
  NAME,
  OPERATORS_CONF,
  PLUGIN,
  SETTINGS,
  SETTINGS_WITHOUT_SOCKETS,
  SETUP,
  STOCK,
  state,
  withVersion,
} from '../helpers/built_packages.ts';
import { establishedConnections, RESTORE } from '../helpers/conntrack.ts';
import { Machine } from '../helpers/machine.ts';
import { PLUGINS } from '../helpers/machine_agents.ts';
import { until } from '../helpers/until.ts';

const BRIDGE = fileURLToPath(new URL('../helpers/bridge.js', import.meta.url));
const NETDATA_CONF = '/etc/netdata/netdata.conf';
/** A capability set with CAP_NET_ADMIN only, in hexadecimal. */
const NET_ADMIN_ALONE = '0000000000001000';

/** The agent stores nothing and looks for new plugins every 5 s. */
const IN_HASTE = `
[db]
  mode = ram
[ml]
  enabled = no
[plugins]
  check for new plugins every = 5
  cgroups = no
  tc = no
  idlejitter = no
  apps = no
  perf = no
  nfacct = no
  slabinfo = no
  diskspace = no
`;

describe.skipIf(inject('missing').package !== undefined)('the packages', () => {
  let packages: BuiltPackages;
  /** The same program as a later version, with a different stock configuration. */
  let newer: string;

  beforeAll(() => {
    packages = built();
    newer = withVersion(packages.debian, '99.1', join(packages.folder, 'newer'), (root) =>
      writeFileSync(join(root, STOCK, 'conntrack.conf'), '# later\n'),
    );
  });

  afterAll(() => packages.remove());

  describe('in a running agent', () => {
    let machine: Machine;
    let api: AgentApi;
    let before: Readonly<Record<string, string>>;

    async function startAgent(): Promise<void> {
      machine.start(['netdata', '-D']);
      await until('the agent answers', 120, async () => (await api.charts()).length > 0);
    }

    /** Waits until the newest point of a chart has such values. */
    async function drawnByAgent(chart: string, values: Readonly<Record<string, number>>): Promise<void> {
      const isThere = async (): Promise<boolean> => {
        const [newest = {}] = await api.points(chart, 2);
        return Object.entries(values).every(([name, value]) => newest[name] === value);
      };
      await until(`${chart} draws ${JSON.stringify(values)}`, 120, isThere);
    }

    async function pluginOfAgent(others: readonly number[] = []): Promise<number> {
      let found: number | undefined;
      await until('the agent runs the plugin', 120, () => {
        found = machine.processesOf(PLUGIN).find((pid) => !others.includes(pid));
        return found !== undefined && machine.read(`/proc/${found}/status`).includes(`CapEff:\t${NET_ADMIN_ALONE}`);
      });
      return found ?? 0;
    }

    beforeAll(async () => {
      machine = await Machine.start();
      const folder = join(packages.folder, 'bridge');
      mkdirSync(folder);
      machine.startOutside([process.execPath, BRIDGE, join(folder, 'socket'), '19999']);
      api = new AgentApi(join(folder, 'socket'));
      machine.write(NETDATA_CONF, machine.read(NETDATA_CONF) + IN_HASTE);
      machine.write(OPERATORS_CONF, SETTINGS);
      before = state(machine);
      await startAgent();
    });

    afterAll(() => machine.close());

    it('install their files with the right owners, modes and capability', () => {
      expect(install(machine, packages.debian)).toMatchObject({ status: 0, stderr: '' });
      const ownership = (path: string): string => machine.run(['stat', '-c', '%U:%G %a', path]).trim();
      expect(ownership(PLUGIN)).toBe('root:netdata 750');
      expect(machine.run(['getcap', PLUGIN])).toBe(`${PLUGIN} cap_net_admin=p\n`);
      for (const folder of [`${PLUGINS}/conntrack-koffi`, `${PLUGINS}/conntrack-koffi/linux_${process.arch}`]) {
        expect(ownership(folder)).toBe('root:root 755');
      }
      expect(ownership(SETUP)).toBe('root:root 755');
      expect(ownership(`${STOCK}/health.d/conntrack.conf`)).toBe('root:root 644');
      expect(machine.run(['readlink', '-f', '/usr/sbin/conntrack.plugin'])).toBe(`${PLUGIN}\n`);
    });

    it('are found by the agent, which runs the plugin with CAP_NET_ADMIN only and draws the right values', async () => {
      const pid = await pluginOfAgent();
      const status = machine.read(`/proc/${pid}/status`);
      const uid = machine.run(['id', '-u', 'netdata']).trim();
      expect(status).toMatch(new RegExp(`^Uid:\\t${uid}\\t${uid}\\t${uid}\\t${uid}$`, 'm'));
      for (const set of ['CapPrm', 'CapEff']) expect(status).toContain(`${set}:\t${NET_ADMIN_ALONE}\n`);
      await drawnByAgent('conntrack.new_by_protocol', { tcp: 0 });
      const rates = async (seconds: number): Promise<readonly number[]> =>
        (await api.points('conntrack.new_by_protocol', seconds)).map(({ tcp }) => tcp ?? 0);
      // The agent takes each rate as that of a whole second, but on a busy machine an update covers more or less.
      await until('the rates add up to 300', 240, async () => {
        machine.run(['conntrack', '-F']);
        await until('none is new', 120, async () => (await rates(20)).every((rate) => rate === 0));
        machine.run(RESTORE, {}, `${establishedConnections(300).join('\n')}\n`);
        await until('all are seen', 120, async () => {
          const [newest, next, ...others] = await rates(20);
          return newest === 0 && next === 0 && others.some((rate) => rate > 0);
        });
        const sum = (await rates(20)).reduce((total, rate) => total + rate);
        expect(Math.abs(sum - 300), `${sum}`).toBeLessThan(10);
        return true;
      });
      await drawnByAgent('conntrack.sockets', { connections: 300 });
      await drawnByAgent('conntrack.tcp_states', { established: 300 });
    });

    it('add their alerts without a restart of the agent', async () => {
      await until('conntrack_full is there', 120, async () => {
        expect(await api.alarms()).toContain('conntrack_full');
        return true;
      });
    });

    it('restart the plugin on an upgrade, and keep the configuration of the operator', async () => {
      const agents = machine.processesOf('/usr/sbin/netdata');
      const old = await pluginOfAgent();
      // Another one, started by hand.
      machine.start(['sh', '-c', `mkfifo /tmp/never && exec 3<>/tmp/never && exec ${PLUGIN} 1 <&3`]);
      const ofPerson = (): readonly number[] => machine.processesOf(PLUGIN).filter((pid) => pid !== old);
      await until('the one started by hand runs', 120, () => ofPerson().length === 1);
      const [person = 0] = ofPerson();
      machine.write(OPERATORS_CONF, SETTINGS_WITHOUT_SOCKETS);
      expect(install(machine, newer)).toMatchObject({ status: 0, stderr: '' });
      const pid = await pluginOfAgent([old, person]);
      expect([...machine.processesOf(PLUGIN)].sort()).toEqual([person, pid].sort());
      machine.run(['kill', String(person)]);
      expect(machine.processesOf('/usr/sbin/netdata')).toEqual(agents);
      expect(machine.read(`${STOCK}/conntrack.conf`)).toBe('# later\n');
      expect(machine.read(OPERATORS_CONF)).toBe(SETTINGS_WITHOUT_SOCKETS);
      const points = (): Promise<unknown> => api.points('conntrack.socket_states_tcp', 2);
      const isGone = (): Promise<boolean> =>
        expect(points())
          .rejects.toThrow('No metrics')
          .then(() => true);
      await until('sockets are no longer charted', 120, isGone);
      machine.run(RESTORE, {}, `${establishedConnections(70, 2000).join('\n')}\n`);
      await drawnByAgent('conntrack.tcp_states', { established: 370 });
    });

    it('turn the built-in collector off on request, and on again when removed, leaving nothing behind', async () => {
      expect(await api.charts()).toContain('netfilter.conntrack_sockets');
      const settings = machine.describe(NETDATA_CONF);
      machine.run([SETUP, '--replace-builtin']);
      await machine.endAll('/usr/sbin/netdata');
      await startAgent();
      await until('the plugin draws', 120, async () => (await api.charts()).includes('conntrack.sockets'));
      expect((await api.charts()).filter((chart) => chart.startsWith('netfilter.'))).toEqual([]);

      const removed = machine.attempt(['dpkg', '-r', NAME]);
      expect(removed).toMatchObject({ status: 0, stderr: expect.not.stringContaining('not empty') });
      expect(removed.stdout).toContain(`kept: ${OPERATORS_CONF}`);
      await until('the plugin has ended', 120, () => machine.processesOf(PLUGIN).length === 0);
      expect(machine.describe(NETDATA_CONF)).toBe(settings);
      expect(machine.read(OPERATORS_CONF)).toBe(SETTINGS_WITHOUT_SOCKETS);
      machine.write(OPERATORS_CONF, SETTINGS);
      expect(state(machine)).toEqual(before);
      await until('the alert is gone', 120, async () => !(await api.alarms()).includes('conntrack_full'));

      expect(install(machine, packages.debian)).toMatchObject({ status: 0 });
      await pluginOfAgent();
      await drawnByAgent('conntrack.tcp_states', { established: 370 });
      expect(machine.attempt(['dpkg', '-P', NAME])).toMatchObject({ status: 0 });
      expect(state(machine)).toEqual(before);
      await machine.endAll('/usr/sbin/netdata');
      await startAgent();
      const isBack = async (): Promise<boolean> => (await api.charts()).includes('netfilter.conntrack_sockets');
      await until('the built-in collector draws', 120, isBack);
    });
  });
});

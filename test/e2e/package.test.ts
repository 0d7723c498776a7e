/**
 * The packages on disposable machines: installed in a running agent, upgraded, removed; and what the program does with its
 * capability.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';

import { buildPackages, type Packages } from '../../collector/package/packages.ts';
import { dependencies, version } from '../../package.json';
import { AgentApi } from '../helpers/agent_api.ts';
import { establishedConnections, RESTORE } from '../helpers/conntrack.ts';
import { Machine, type Result } from '../helpers/machine.ts';
import {
  addStaticAgent,
  PLUGINS,
  PREFIX,
  put,
  removeDebiansAgent,
  STATIC_CONF,
  STATIC_PLUGINS,
  STATIC_STOCK,
} from '../helpers/machine_agents.ts';
import { until } from '../helpers/until.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The commit of the work tree; `undefined` outside of git. */
const COMMIT = spawnSync('sh', ['collector/package/commit.sh'], { encoding: 'utf8' }).stdout.trim() || undefined;
const BRIDGE = fileURLToPath(new URL('../helpers/bridge.js', import.meta.url));
const PLUGIN = `${PLUGINS}/conntrack.plugin`;
const SETUP = `${PLUGINS}/conntrack-setup`;
const STOCK = '/usr/lib/netdata/conf.d';
const NETDATA_CONF = '/etc/netdata/netdata.conf';
const OPERATORS_CONF = '/etc/netdata/conntrack.conf';
const NAME = 'netdata-plugin-conntrack';
/** A capability set with CAP_NET_ADMIN only, in hexadecimal. */
const NET_ADMIN_ALONE = '0000000000001000';

const AS_NETDATA = ['setpriv', '--reuid=netdata', '--regid=netdata', '--init-groups'];
const AS_NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

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

/** An operator's configuration, with a comment. */
const WITH_FLOWS = '# mine\nmodules:\n  flows: { update_every: 1, cpu_share: 100 }\n';
const SETTINGS = `${WITH_FLOWS}  sockets: { update_every: 1, cpu_share: 100 }\n`;
const SETTINGS_WITHOUT_SOCKETS = `${WITH_FLOWS}  sockets: { enabled: no }\n`;

/** Files that dpkg and the agent manage. */
const BOOKKEEPING = /^\/(var\/(lib\/dpkg|lib\/netdata|log|cache))(\/|$)/;

let built: string;
let packages: Packages;
/** The same program as a later version, with a different stock configuration. */
let newer: string;

/** Differences of a machine from its original, without bookkeeping. */
function state(machine: Machine): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(machine.changes()).filter(([path]) => !BOOKKEEPING.test(path)));
}

/** Runs a program on the machine as another user, with an empty standard input. */
function runAs(machine: Machine, who: readonly string[], command: readonly string[]): Result {
  return machine.attempt([...who, 'sh', '-c', 'exec "$@" </dev/null', 'sh', ...command]);
}

/** The charts in a program's output. */
function drawn({ stdout }: Result): readonly string[] {
  return [...new Set([...stdout.matchAll(/^BEGIN conntrack\.(\S+)/gm)].map(([, chart = '']) => chart))].sort();
}

function install(machine: Machine, file: string): Result {
  return machine.attempt(['dpkg', '-i', put(machine, file)]);
}

/** The package with a later version and a recognisable stock configuration. */
function asNewer(debian: string): string {
  const folder = join(built, 'newer');
  const path = join(built, 'newer.deb');
  const run = (...words: string[]): void => expect(spawnSync('dpkg-deb', words).status).toBe(0);
  run('-R', debian, folder);
  const control = join(folder, 'DEBIAN/control');
  writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, 'Version: 99.1'));
  writeFileSync(join(folder, STOCK, 'conntrack.conf'), '# later\n');
  run('--root-owner-group', '-Znone', '--build', folder, path);
  return path;
}

describe.skipIf(inject('missing').package !== undefined)('the packages', () => {
  beforeAll(() => {
    built = mkdtempSync(join(tmpdir(), 'conntrack-package-'));
    packages = buildPackages(join(built, 'packages'), 'fast');
    newer = asNewer(packages.debian);
  });

  afterAll(() => rmSync(built, { recursive: true, force: true }));

  describe('in a running agent', () => {
    let machine: Machine;
    let api: AgentApi;
    let before: Readonly<Record<string, string>>;

    async function startAgent(): Promise<void> {
      machine.start(['netdata', '-D']);
      await until('the agent answers', 60, async () => (await api.charts()).length > 0);
    }

    /** Waits until the newest point of a chart has such values. */
    async function drawnByAgent(chart: string, values: Readonly<Record<string, number>>): Promise<void> {
      const isThere = async (): Promise<boolean> => {
        const [newest = {}] = await api.points(chart, 2);
        return Object.entries(values).every(([name, value]) => newest[name] === value);
      };
      await until(`${chart} draws ${JSON.stringify(values)}`, 30, isThere);
    }

    async function pluginOfAgent(others: readonly number[] = []): Promise<number> {
      let found: number | undefined;
      await until('the agent runs the plugin', 30, () => {
        found = machine.processesOf(PLUGIN).find((pid) => !others.includes(pid));
        return found !== undefined && machine.read(`/proc/${found}/status`).includes(`CapEff:\t${NET_ADMIN_ALONE}`);
      });
      return found ?? 0;
    }

    beforeAll(async () => {
      machine = await Machine.start();
      const folder = join(built, 'bridge');
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
      machine.run(RESTORE, {}, `${establishedConnections(300).join('\n')}\n`);
      await drawnByAgent('conntrack.sockets', { connections: 300 });
      await drawnByAgent('conntrack.tcp_states', { established: 300 });
      await until('events has seen them', 10, async () => {
        const rates = (await api.points('conntrack.new_by_protocol', 30)).map(({ tcp }) => tcp ?? 0);
        return Math.abs(rates.reduce((sum, rate) => sum + rate) - 300) < 10;
      });
    });

    it('add their alerts without a restart of the agent', async () => {
      await until('conntrack_full is there', 30, async () => {
        expect(await api.alarms()).toContain('conntrack_full');
        return true;
      });
    });

    describe('and the capability of the program', () => {
      const TRAP = '/tmp/trap';
      /** Three updates of the program, with a configuration that dumps the table at once. */
      const threeTicks = (program: string): readonly string[] => [
        program,
        '1',
        '--ticks',
        '3',
        '--config',
        OPERATORS_CONF,
      ];
      const isSprung = (): boolean => machine.describe(`${TRAP}/sprung`) !== undefined;
      const evil = `require('node:fs').writeFileSync('${TRAP}/sprung', '');\n`;

      /** Expects the first command to spring the trap, which proves that it works, and the second one not to. */
      function expectSprungOnly(by: readonly string[], not: readonly string[]): Result {
        runAs(machine, AS_NETDATA, by);
        expect(isSprung()).toBe(true);
        machine.run(['rm', `${TRAP}/sprung`]);
        const result = runAs(machine, AS_NETDATA, not);
        expect(isSprung()).toBe(false);
        return result;
      }

      /** Prints a first line, as the program does with its first chart, and keeps running. */
      const NODE_THAT_WAITS = [process.execPath, '-e', 'console.log("CHART"); setTimeout(() => {}, 60_000)'];

      /** The output of a shell script that runs as soon as a program of the user netdata has printed a chart; $pid is the program. */
      function whileItRuns(program: readonly string[], script: string): string {
        const around = `
          mkfifo /tmp/printed
          "$@" </dev/null >/tmp/printed 2>/dev/null &
          pid=$!
          exec 3</tmp/printed
          rm /tmp/printed
          while read -r line <&3; do case $line in CHART*) break ;; esac; done
          ${script}
          kill -KILL "$pid"`;
        return machine.run(['sh', '-c', around, 'sh', ...AS_NETDATA, ...program]);
      }

      beforeAll(() => {
        machine.write(`${TRAP}/evil.js`, evil);
        machine.write(`${TRAP}/package.json`, '{"type": "module"}\n');
        for (const name of ['koffi', `@koromix/koffi-linux-${process.arch}`]) {
          machine.write(`${TRAP}/node_modules/${name}/index.js`, evil);
          machine.write(`${TRAP}/node_modules/${name}/package.json`, '{"type": "commonjs"}\n');
        }
        machine.write(`${TRAP}/evil.cjs`, evil);
        machine.run(['chown', '-R', 'netdata:', TRAP]);
      });

      it('let only root and the agent run it', () => {
        const { status, stderr } = runAs(machine, AS_NOBODY, [PLUGIN, '--version']);
        expect(stderr).toContain('Permission denied');
        expect(status).not.toBe(0);
        const { stdout } = runAs(machine, AS_NETDATA, [PLUGIN, '--version']);
        expect(stdout.startsWith(`conntrack.plugin ${version}`)).toBe(true);
      });

      it('ignore NODE_OPTIONS', () => {
        const trap = ['env', `NODE_OPTIONS=--require ${TRAP}/evil.cjs`];
        const result = expectSprungOnly([...trap, process.execPath, '-e', '0'], [...trap, ...threeTicks(PLUGIN)]);
        expect(drawn(result)).toEqual(expect.arrayContaining(['new_by_protocol', 'sockets', 'tcp_states']));
      });

      it('ignore npm packages in the working directory', () => {
        const trap = ['env', `--chdir=${TRAP}`, `NODE_PATH=${TRAP}/node_modules`];
        const requires = `require('koffi'); require('@koromix/koffi-linux-${process.arch}')`;
        const result = expectSprungOnly([...trap, process.execPath, '-e', requires], [...trap, ...threeTicks(PLUGIN)]);
        expect(drawn(result)).toEqual(expect.arrayContaining(['new_by_protocol', 'sockets', 'tcp_states']));
      });

      it('ignore LD_PRELOAD', () => {
        const preload = machine.run(['sh', '-c', 'ldconfig -p | sed -n "s,.*libcap.so.2 .*=> ,,p" | head -n 1']).trim();
        const maps = (program: readonly string[]): string =>
          whileItRuns(['env', `LD_PRELOAD=${preload}`, ...program], 'cat "/proc/$pid/maps"');
        expect(maps(NODE_THAT_WAITS)).toContain('/libcap.so');
        const loaded = maps(threeTicks(PLUGIN));
        expect(loaded).toContain(PLUGIN);
        expect(loaded).not.toContain('/libcap.so');
      });

      it('load no library next to a hard link to the program', () => {
        const copies = '/var/lib/netdata/copies';
        for (const folder of ['linked', 'copied']) {
          machine.write(`${copies}/${folder}/conntrack-koffi/index.js`, evil);
        }
        machine.run(['ln', PLUGIN, `${copies}/linked/conntrack.plugin`]);
        // A copy has no capability.
        machine.run(['cp', PLUGIN, `${copies}/copied/conntrack.plugin`]);
        machine.run(['chown', '-R', 'netdata:', `${copies}/linked/conntrack-koffi`, `${copies}/copied`]);
        machine.run(['chown', 'netdata:', copies, `${copies}/linked`]);
        expect(machine.run(['getcap', `${copies}/linked/conntrack.plugin`])).toContain('cap_net_admin=p');
        const [copied, linked] = ['copied', 'linked'].map((folder) =>
          threeTicks(`${copies}/${folder}/conntrack.plugin`),
        );
        const result = expectSprungOnly(copied ?? [], linked ?? []);
        expect(result.stderr).toContain(`users other than root can write to ${copies}/linked`);
        expect(drawn(result)).toContain('sockets');
        expect(drawn(result)).not.toContain('tcp_states');
        expect(drawn(result)).not.toContain('new_by_protocol');
        machine.run(['rm', '-r', copies]);
      });

      it('open no debugger on the signal SIGUSR1', () => {
        const script = `
          kill -USR1 "$pid"
          i=0
          while [ $((i += 1)) -le 10 ] && [ -z "$(ss -Hltn sport = :9229)" ]; do sleep 0.1; done
          ss -Hltn sport = :9229
          if ! grep -q 'State:.[RS]' "/proc/$pid/status"; then echo ended; fi`;
        const debugged = whileItRuns(NODE_THAT_WAITS, script);
        expect(debugged).toContain('127.0.0.1:9229');
        // Blocked, the signal stays pending, unless one of V8's threads takes it: then the program ends.
        expect(whileItRuns([PLUGIN, '1'], script)).toMatch(/^(?:ended\n)?$/);
      });

      it('start without the capability if the bounding set lacks it', () => {
        const without = [...AS_NETDATA, '--bounding-set=-net_admin'];
        const charts = drawn(runAs(machine, without, threeTicks(PLUGIN)));
        expect(charts).toEqual(expect.arrayContaining(['sockets', 'socket_states_tcp']));
        expect(charts).not.toContain('tcp_states');
      });
    });

    it('restart the plugin on an upgrade, and keep the configuration of the operator', async () => {
      const agents = machine.processesOf('/usr/sbin/netdata');
      const old = await pluginOfAgent();
      // Another one, started by hand.
      machine.start(['sh', '-c', `mkfifo /tmp/never && exec 3<>/tmp/never && exec ${PLUGIN} 1 <&3`]);
      const ofPerson = (): readonly number[] => machine.processesOf(PLUGIN).filter((pid) => pid !== old);
      await until('the one started by hand runs', 10, () => ofPerson().length === 1);
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
      await until('sockets are no longer charted', 20, isGone);
      machine.run(RESTORE, {}, `${establishedConnections(70, 2000).join('\n')}\n`);
      await drawnByAgent('conntrack.tcp_states', { established: 370 });
    });

    it('turn the built-in collector off on request, and on again when removed, leaving nothing behind', async () => {
      expect(await api.charts()).toContain('netfilter.conntrack_sockets');
      const settings = machine.describe(NETDATA_CONF);
      machine.run([SETUP, '--replace-builtin']);
      await machine.endAll('/usr/sbin/netdata');
      await startAgent();
      await until('the plugin draws', 30, async () => (await api.charts()).includes('conntrack.sockets'));
      expect((await api.charts()).filter((chart) => chart.startsWith('netfilter.'))).toEqual([]);

      const removed = machine.attempt(['dpkg', '-r', NAME]);
      expect(removed).toMatchObject({ status: 0, stderr: expect.not.stringContaining('not empty') });
      expect(removed.stdout).toContain(`kept: ${OPERATORS_CONF}`);
      await until('the plugin has ended', 10, () => machine.processesOf(PLUGIN).length === 0);
      expect(machine.describe(NETDATA_CONF)).toBe(settings);
      expect(machine.read(OPERATORS_CONF)).toBe(SETTINGS_WITHOUT_SOCKETS);
      machine.write(OPERATORS_CONF, SETTINGS);
      expect(state(machine)).toEqual(before);
      await until('the alert is gone', 30, async () => !(await api.alarms()).includes('conntrack_full'));

      expect(install(machine, packages.debian)).toMatchObject({ status: 0 });
      await pluginOfAgent();
      await drawnByAgent('conntrack.tcp_states', { established: 370 });
      expect(machine.attempt(['dpkg', '-P', NAME])).toMatchObject({ status: 0 });
      expect(state(machine)).toEqual(before);
      await machine.endAll('/usr/sbin/netdata');
      await startAgent();
      const isBack = async (): Promise<boolean> => (await api.charts()).includes('netfilter.conntrack_sockets');
      await until('the built-in collector draws', 30, isBack);
    });
  });

  describe('without the capability', () => {
    const threeTicks = [PLUGIN, '1', '--ticks', '3'];
    const failing = '#!/bin/sh\necho "the file system has no capabilities" >&2\nexit 1\n';
    const ways: readonly (readonly [string, (machine: Machine) => void, string])[] = [
      ['setcap fails', (machine) => machine.write('/usr/sbin/setcap', failing), 'setcap: the file system has no capab'],
      ['setcap is missing', (machine) => void machine.run(['rm', '/usr/sbin/setcap']), 'setcap not found'],
    ];

    it.each(ways)('are installed with a warning if %s, and draw the other charts', async (_, prepare, reason) => {
      const machine = await Machine.start();
      try {
        prepare(machine);
        const { status, stderr } = install(machine, packages.debian);
        expect(status).toBe(0);
        expect(stderr).toContain(`installed without CAP_NET_ADMIN: ${reason}`);
        expect(machine.run(['getcap', PLUGIN])).toBe('');
        expect(machine.run(['stat', '-c', '%U:%G %a', PLUGIN])).toBe('root:netdata 750\n');
        const charts = drawn(runAs(machine, AS_NETDATA, threeTicks));
        expect(charts).toEqual(expect.arrayContaining(['sockets', 'socket_states_tcp']));
        expect(charts).not.toContain('tcp_states');
      } finally {
        await machine.close();
      }
    });
  });

  describe('and the installer', () => {
    let machine: Machine;
    let installer: string;
    let uninstaller: string;

    /** Expects a refusal with this reason and no change. */
    function expectRefused(command: readonly string[], reason: string, who: readonly string[] = []): void {
      const before = state(machine);
      const { status, stderr } = machine.attempt([...who, ...command]);
      expect(stderr).toBe(`conntrack-setup: ${reason}\n`);
      expect(status).toBe(1);
      expect(state(machine)).toEqual(before);
    }

    beforeEach(async () => {
      machine = await Machine.start();
      machine.run(['tar', 'xzf', put(machine, packages.archive), '-C', '/tmp']);
      const folder = `/tmp/${basename(packages.archive, '.tar.gz').replaceAll('_', '-')}`;
      installer = `${folder}/install.sh`;
      uninstaller = `${folder}/uninstall.sh`;
    });

    afterEach(() => machine.close());

    it('install everything below the prefix, and remove it again', () => {
      addStaticAgent(machine);
      const before = state(machine);
      const settings = machine.describe(STATIC_CONF);
      const { status, stderr, stdout } = machine.attempt([installer, '--prefix', PREFIX, '--replace-builtin']);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toContain(`installed in ${STATIC_PLUGINS}; the agent starts it within a minute`);
      const installed = state(machine);
      const changed = Object.keys(installed).filter((path) => installed[path] !== before[path]);
      expect(changed.filter((path) => !path.startsWith(`${PREFIX}/`))).toEqual([]);
      const program = `${STATIC_PLUGINS}/conntrack.plugin`;
      expect(machine.run(['stat', '-c', '%U:%G %a', program])).toBe('root:netdata 750\n');
      expect(machine.run(['getcap', program])).toBe(`${program} cap_net_admin=p\n`);
      expect(machine.read(STATIC_CONF)).toContain('\n\t/proc/net/stat/conntrack = no\n');
      const charts = drawn(runAs(machine, AS_NETDATA, [`${PREFIX}/usr/sbin/conntrack.plugin`, '1', '--ticks', '3']));
      expect(charts).toEqual(expect.arrayContaining(['new_by_protocol', 'sockets', 'tcp_states']));

      expect(machine.attempt([installer, `--prefix=${PREFIX}/`, '--replace-builtin'])).toMatchObject({
        status: 0,
        stderr: '',
      });
      expect(state(machine)).toEqual(installed);

      machine.write(`${PREFIX}/etc/netdata/conntrack.conf`, SETTINGS);
      const removed = machine.attempt([uninstaller, '--prefix', PREFIX]);
      expect(removed).toMatchObject({ status: 0, stderr: '' });
      expect(removed.stdout).toContain(`kept: ${PREFIX}/etc/netdata/conntrack.conf\n`);
      expect(machine.describe(STATIC_CONF)).toBe(settings);
      expect(machine.read(`${PREFIX}/etc/netdata/conntrack.conf`)).toBe(SETTINGS);
      machine.run(['rm', `${PREFIX}/etc/netdata/conntrack.conf`]);
      expect(state(machine)).toEqual(before);
      expectRefused(
        [uninstaller, '--prefix', PREFIX],
        `no installed conntrack.plugin in ${PREFIX}: looked in usr/libexec/netdata/plugins.d usr/lib/netdata/plugins.d usr/lib64/netdata/plugins.d`,
      );
    });

    it('can be uninstalled after the agent has been removed', () => {
      machine.run([installer]);
      removeDebiansAgent(machine);
      machine.run(['rm', '-r', `${STOCK}/health.d`]);
      machine.run([uninstaller]);
      const left = Object.keys(state(machine)).filter((path) => machine.describe(path) !== undefined);
      expect(left.filter((path) => path.includes('conntrack'))).toEqual([]);
    });

    it('refuse what they cannot do, without changing anything', () => {
      expectRefused([installer, '--perfix', PREFIX], 'unknown argument "--perfix"; see --help');
      expectRefused([installer, '--prefix'], '--prefix: expected a directory, got nothing');
      expectRefused([installer, '--prefix', 'opt'], '--prefix: expected an absolute path, got "opt"');
      expectRefused([installer, 'uninstall'], 'expected one command, got install and uninstall');
      expectRefused([installer], 'must be run as root', AS_NOBODY);
      expectRefused(
        [uninstaller],
        'no installed conntrack.plugin found in: / /opt/netdata; name its directory with --prefix',
      );
      addStaticAgent(machine);
      expectRefused([installer], 'Netdata agent found more than once: / /opt/netdata; choose one with --prefix');
      machine.run(['rm', '-r', PREFIX]);
      removeDebiansAgent(machine);
      expectRefused([installer], 'no Netdata agent found in: / /opt/netdata; name its directory with --prefix');
      machine.run(['chmod', '-x', installer.replace('install.sh', 'conntrack.plugin')]);
      addStaticAgent(machine);
      const { status, stderr } = machine.attempt([installer]);
      expect(stderr).toContain('conntrack.plugin: it needs glibc 2.28');
      expect(status).toBe(1);
      expect(machine.describe(`${STATIC_PLUGINS}/conntrack-koffi`)).toBeUndefined();
    });

    it('leave the files of a Debian package to the package manager', () => {
      install(machine, packages.debian);
      expectRefused([installer, '--prefix', '/'], 'the package netdata-plugin-conntrack is installed: use apt');
      expectRefused([uninstaller], 'the package netdata-plugin-conntrack is installed: use apt');
      machine.run(['dpkg', '-r', NAME]);
      expect(machine.attempt([installer])).toMatchObject({ status: 0, stderr: '' });
    });

    it('link the files of the Debian package into agents in other places, and remove the links again', () => {
      removeDebiansAgent(machine);
      addStaticAgent(machine);
      const native = '/usr/libexec/netdata/plugins.d';
      machine.write(`${native}/apps.plugin`, '#!/bin/sh\n', 0o750);
      const before = state(machine);
      expect(install(machine, packages.debian)).toMatchObject({ status: 0, stderr: '' });
      for (const plugins of [native, STATIC_PLUGINS]) {
        expect(machine.run(['readlink', '-f', `${plugins}/conntrack.plugin`])).toBe(`${PLUGIN}\n`);
      }
      for (const file of ['conntrack.conf', 'health.d/conntrack.conf']) {
        expect(machine.run(['readlink', '-f', `${STATIC_STOCK}/${file}`])).toBe(`${STOCK}/${file}\n`);
      }
      const charts = drawn(runAs(machine, AS_NETDATA, [`${STATIC_PLUGINS}/conntrack.plugin`, '1', '--ticks', '3']));
      expect(charts).toEqual(expect.arrayContaining(['new_by_protocol', 'sockets', 'tcp_states']));
      machine.run([SETUP, '--replace-builtin', '--prefix', PREFIX]);
      // The agent may be removed first.
      machine.run(['rm', `${native}/apps.plugin`]);
      machine.run(['dpkg', '-r', NAME]);
      machine.write(`${native}/apps.plugin`, '#!/bin/sh\n', 0o750);
      expect(state(machine)).toEqual(before);
    });

    it('add the plugin of the Debian package to an agent that is installed later', () => {
      removeDebiansAgent(machine);
      expect(install(machine, packages.debian).stderr).toContain('no Netdata agent found yet');
      addStaticAgent(machine);
      machine.run(['dpkg-trigger', '--by-package=netdata-core', STATIC_PLUGINS]);
      machine.run(['dpkg', '--configure', '--pending']);
      expect(machine.run(['readlink', '-f', `${STATIC_PLUGINS}/conntrack.plugin`])).toBe(`${PLUGIN}\n`);
      expect(machine.run(['getcap', PLUGIN])).toBe(`${PLUGIN} cap_net_admin=p\n`);
    });
  });

  it('contain only files of root that no other user can write to and that are not setuid, and every licence', () => {
    const archive = spawnSync('tar', ['-tvzf', packages.archive, '--numeric-owner'], { encoding: 'utf8' }).stdout;
    const debian = spawnSync('dpkg-deb', ['--contents', packages.debian], { encoding: 'utf8' }).stdout;
    for (const [listing, owner] of [
      [archive, '0/0'],
      [debian, 'root/root'],
    ] as const) {
      const lines = listing.trimEnd().split('\n');
      expect(lines.length).toBeGreaterThan(10);
      for (const line of lines) {
        const [mode = '', owned] = line.split(/\s+/);
        expect(owned, line).toBe(owner);
        expect(mode, line).toMatch(/^(l|[-d][rwx-]{3}[r-]-[x-][r-]-[x-]$)/);
      }
      expect(lines.filter((line) => /\/(copyright|conntrack-koffi\/LICENSE\.txt)$/.test(line))).toHaveLength(2);
    }
  });

  it('are listed with their SHA-256, as sha256sum checks them', () => {
    const { debian, alerts, archive, bill, sums } = packages;
    const { status, stdout } = spawnSync('sha256sum', ['--check', basename(sums)], {
      cwd: dirname(sums),
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    expect(stdout).toBe([debian, alerts, archive, bill].map((path) => `${basename(path)}: OK\n`).join(''));
  });

  it('contain the bill of materials that is beside them, with Node.js, koffi and every dependency', () => {
    const text = readFileSync(packages.bill, 'utf8');
    const { components }: { components: readonly { name: string }[] } = JSON.parse(text);
    const names = [...Object.keys(dependencies), `@koromix/koffi-linux-${process.arch}`, 'node'];
    expect(components.map(({ name }) => name).sort()).toEqual(names.sort());
    const path = `usr/share/doc/${NAME}/sbom.cdx.json`;
    const extract = 'dpkg-deb --fsys-tarfile "$1" | tar -xO "./$2"';
    expect(spawnSync('sh', ['-c', extract, 'sh', packages.debian, path], { encoding: 'utf8' }).stdout).toBe(text);
    const archived = `${basename(packages.archive, '.tar.gz').replaceAll('_', '-')}/doc/sbom.cdx.json`;
    expect(spawnSync('tar', ['-xOzf', packages.archive, archived], { encoding: 'utf8' }).stdout).toBe(text);
  });

  it.skipIf(inject('missing').lintian !== undefined)('have no errors or warnings of lintian', () => {
    // Fast packages are not compressed.
    const fast = 'uses-no-compression-for-control-tarball,uses-no-compression-for-data-tarball';
    const words = ['--fail-on', 'error,warning', '--tag-display-limit', '0', '--suppress-tags', fast];
    const { status, stdout } = spawnSync('lintian', [...words, packages.debian, packages.alerts], { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });

  it.skipIf(COMMIT === undefined)('are the same, byte for byte, if another user builds them in another folder', () => {
    // In this file system, so that the npm packages can be linked.
    const clone = mkdtempSync(join(ROOT, 'dist/clone-'));
    const script = `set -e
      umask 077
      git clone --quiet --no-local . "$1"
      git diff --binary HEAD | (cd "$1" && git apply --allow-empty)
      cp -al node_modules "$1"
      cp -al collector/package/node_modules "$1/collector/package"
      cd "$1"
      npm run --silent build
      npx esbuild collector/package/packages.ts --bundle --platform=node --format=cjs --log-level=warning --outfile=dist/packages.cjs
      node -e 'require("./dist/packages.cjs").buildPackages("dist/elsewhere", "fast")'`;
    try {
      const { status, stderr } = spawnSync('sh', ['-c', script, 'sh', clone], {
        cwd: ROOT,
        encoding: 'utf8',
        env: { ...process.env, TZ: 'Asia/Tokyo', LC_ALL: 'C' },
      });
      expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
      for (const path of Object.values(packages)) {
        const again = readFileSync(join(clone, 'dist/elsewhere', basename(path)));
        expect(readFileSync(path).equals(again), basename(path)).toBe(true);
      }
    } finally {
      rmSync(clone, { recursive: true });
    }
  });
});

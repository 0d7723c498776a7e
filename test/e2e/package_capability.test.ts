/** The capability of the packaged program: what the agent's user cannot do with it, and how it runs without it. */

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import type { Report } from '../../collector/check/report.ts';
import { version } from '../../package.json';
import {
  AS_NETDATA,
  AS_NOBODY,
  type BuiltPackages,
  built,
  chartsIn,
  install,
  OPERATORS_CONF,
  PLUGIN,
  runAs,
  SETTINGS,
  SETUP,
} from '../helpers/built_packages.ts';
import { Machine, type Result } from '../helpers/machine.ts';

describe.skipIf(inject('missing').package !== undefined)('the packages', () => {
  let packages: BuiltPackages;

  beforeAll(() => {
    packages = built();
  });

  afterAll(() => packages.remove());

  describe('with the capability of the program', () => {
    let machine: Machine;
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

    beforeAll(async () => {
      machine = await Machine.start();
      expect(install(machine, packages.debian)).toMatchObject({ status: 0, stderr: '' });
      machine.write(OPERATORS_CONF, SETTINGS);
      machine.write(`${TRAP}/evil.js`, evil);
      machine.write(`${TRAP}/package.json`, '{"type": "module"}\n');
      for (const name of ['koffi', `@koromix/koffi-linux-${process.arch}`]) {
        machine.write(`${TRAP}/node_modules/${name}/index.js`, evil);
        machine.write(`${TRAP}/node_modules/${name}/package.json`, '{"type": "commonjs"}\n');
      }
      machine.write(`${TRAP}/evil.cjs`, evil);
      machine.run(['chown', '-R', 'netdata:', TRAP]);
    });

    afterAll(() => machine.close());

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
      expect(chartsIn(result)).toEqual(expect.arrayContaining(['new_by_protocol', 'sockets', 'tcp_states']));
    });

    it('ignore npm packages in the working directory', () => {
      const trap = ['env', `--chdir=${TRAP}`, `NODE_PATH=${TRAP}/node_modules`];
      const requires = `require('koffi'); require('@koromix/koffi-linux-${process.arch}')`;
      const result = expectSprungOnly([...trap, process.execPath, '-e', requires], [...trap, ...threeTicks(PLUGIN)]);
      expect(chartsIn(result)).toEqual(expect.arrayContaining(['new_by_protocol', 'sockets', 'tcp_states']));
    });

    it('ignore LD_PRELOAD', () => {
      const preload = machine.run(['sh', '-c', 'ldconfig -p | sed -n "s,.*libcap.so.2 .*=> ,,p" | head -n 1']).trim();
      const maps = (program: readonly string[]): string =>
        whileItRuns(['env', `LD_PRELOAD=${preload}`, ...program], 'cat "/proc/$pid/maps"');
      expect(maps(NODE_THAT_WAITS)).toContain('/libcap.so');
      const loaded = maps([PLUGIN, '1']);
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
      const [copied, linked] = ['copied', 'linked'].map((folder) => threeTicks(`${copies}/${folder}/conntrack.plugin`));
      const result = expectSprungOnly(copied ?? [], linked ?? []);
      expect(result.stderr).toContain(`users other than root can write to ${copies}/linked`);
      expect(chartsIn(result)).toContain('sockets');
      expect(chartsIn(result)).not.toContain('tcp_states');
      expect(chartsIn(result)).not.toContain('new_by_protocol');
      machine.run(['rm', '-r', copies]);
    });

    it('open no debugger on the signal SIGUSR1', () => {
      const within = (tenths: number): string => `
        kill -USR1 "$pid"
        i=0
        while [ $((i += 1)) -le ${tenths} ] && [ -z "$(ss -Hltn sport = :9229)" ]; do sleep 0.1; done
        ss -Hltn sport = :9229
        if ! grep -q 'State:.[RS]' "/proc/$pid/status"; then echo ended; fi`;
      const debugged = whileItRuns(NODE_THAT_WAITS, within(600));
      expect(debugged).toContain('127.0.0.1:9229');
      // Blocked, the signal stays pending, unless one of V8's threads takes it: then the program ends.
      expect(whileItRuns([PLUGIN, '1'], within(10))).toMatch(/^(?:ended\n)?$/);
    });

    it('enter a network namespace once the command that check prints has granted that, until it is taken back', () => {
      machine.run(['ip', 'netns', 'add', 'blue']);
      const checked = (): Report['namespaces'] =>
        JSON.parse(runAs(machine, AS_NETDATA, [PLUGIN, 'check', '--netns', 'blue', '--json']).stdout).namespaces;
      const closed = checked();
      expect(closed).toMatchObject({
        listed: [{ name: 'blue', path: '/run/netns/blue', read_through: 'nothing' }],
        findings: [{ severity: 'fault', code: 'namespace_closed' }],
      });
      for (const line of closed.findings[0]?.remedy?.lines ?? []) {
        machine.run(['sh', '-c', line.replace('sudo ', '')]);
      }
      expect(checked()).toMatchObject({ listed: [{ read_through: 'path', via: '/run/netns/blue' }], findings: [] });
      machine.run([SETUP, '--no-namespaces']);
      expect(checked().findings).toMatchObject([{ code: 'namespace_closed' }]);
      machine.run(['ip', 'netns', 'delete', 'blue']);
    });

    it('start without the capability if the bounding set lacks it', () => {
      const without = [...AS_NETDATA, '--bounding-set=-net_admin'];
      const charts = chartsIn(runAs(machine, without, threeTicks(PLUGIN)));
      expect(charts).toEqual(expect.arrayContaining(['sockets', 'socket_states_tcp']));
      expect(charts).not.toContain('tcp_states');
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
        const charts = chartsIn(runAs(machine, AS_NETDATA, threeTicks));
        expect(charts).toEqual(expect.arrayContaining(['sockets', 'socket_states_tcp']));
        expect(charts).not.toContain('tcp_states');
      } finally {
        await machine.close();
      }
    });
  });
});

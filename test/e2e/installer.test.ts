/**
 * The installer on a disposable machine: directories that other users can write to, interrupted installations, processes of
 * others, what it refuses.
 */

import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, inject, it } from 'vitest';

import { AS_NOBODY, install, PLUGIN, SETUP, STOCK, state } from '../helpers/built_packages.ts';
import type { Machine } from '../helpers/machine.ts';
import { addStaticAgent, PREFIX, removeDebiansAgent, STATIC_PLUGINS, STATIC_STOCK } from '../helpers/machine_agents.ts';
import type { StandIns } from '../helpers/stand_in_package.ts';
import { INSTALLER, onMachines, UNINSTALLER, UNPACKED } from '../helpers/unpacked_archive.ts';
import { until } from '../helpers/until.ts';

describe.skipIf(inject('missing').package !== undefined)('the installer', () => {
  let packages: StandIns;
  let machine: Machine;

  /** Expects a refusal with this reason and no change. */
  function expectRefused(command: readonly string[], reason: string, who: readonly string[] = []): void {
    const before = state(machine);
    const { status, stderr } = machine.attempt([...who, ...command]);
    expect({ status, stderr }).toEqual({ status: 1, stderr: `conntrack-setup: ${reason}\n` });
    expect(state(machine)).toEqual(before);
  }

  onMachines((started, built) => {
    machine = started;
    packages = built;
  });

  it('removes the capability from the program if there is no group netdata, since every user can run it then', () => {
    install(machine, packages.debian);
    machine.run(['setcap', 'cap_net_admin=p', PLUGIN]);
    machine.run(['sed', '-i', '/^netdata:/d', '/etc/group']);
    const { status, stderr } = machine.attempt([SETUP, 'configure']);
    expect(status).toBe(0);
    expect(stderr).toContain('installed without CAP_NET_ADMIN: no group netdata\n');
    expect(machine.run(['stat', '-c', '%U:%G %a', PLUGIN])).toBe('root:root 755\n');
    expect(machine.run(['getcap', PLUGIN])).toBe('');
  });

  describe('with a directory that users other than root can write to', () => {
    const VICTIM = '/etc/victim';
    const PLANTED = `${STATIC_STOCK}/conntrack.conf.new`;

    const ways: readonly (readonly [what: string, prepare: string, open: string, written: string])[] = [
      ['the plugin directory belongs to netdata', `chown netdata ${STATIC_PLUGINS}`, STATIC_PLUGINS, STATIC_PLUGINS],
      ['a group can write to the stock configuration', `chmod g+w ${STATIC_STOCK}`, STATIC_STOCK, STATIC_STOCK],
      [
        'every user can write to the alerts, with the sticky bit',
        `chmod 1777 ${STATIC_STOCK}/health.d`,
        `${STATIC_STOCK}/health.d`,
        `${STATIC_STOCK}/health.d`,
      ],
      ['a parent directory belongs to netdata', `chown netdata ${PREFIX}`, PREFIX, STATIC_PLUGINS],
      [
        'a group can write to the parent directory of the documentation',
        `mkdir -p ${PREFIX}/usr/share/doc && chmod g+w ${PREFIX}/usr/share/doc`,
        `${PREFIX}/usr/share/doc`,
        `${PREFIX}/usr/share/doc`,
      ],
      [
        'netdata can change a link in the path',
        `mkdir -p /srv/theirs && mv ${PREFIX}/usr/libexec /srv/libexec && ln -s ../libexec /srv/theirs/libexec &&
          ln -s /srv/theirs/libexec ${PREFIX}/usr/libexec && chown netdata /srv/theirs`,
        '/srv/theirs',
        STATIC_PLUGINS,
      ],
    ];

    beforeEach(() => {
      addStaticAgent(machine);
      machine.write(VICTIM, 'root’s\n');
      machine.run(['ln', '-s', VICTIM, PLANTED]);
    });

    it.each(ways)('changes nothing and names the directory if %s', (_, prepare, open, written) => {
      machine.run(['sh', '-c', prepare]);
      const before = state(machine);
      const { status, stderr } = machine.attempt([INSTALLER, '--prefix', PREFIX]);
      expect(stderr).toBe(
        `conntrack-setup: users other than root can write to ${open}, and so change what is written to ${written}: ` +
          'chown root and chmod go-w it\n',
      );
      expect(status).toBe(1);
      expect(state(machine)).toEqual(before);
    });

    it('does not follow a link that was planted there before the fix', () => {
      expect(machine.attempt([INSTALLER, '--prefix', PREFIX])).toMatchObject({ status: 0, stderr: '' });
      expect(machine.read(VICTIM)).toBe('root’s\n');
      expect(machine.describe(PLANTED)).toBeUndefined();
      expect(machine.read(`${STATIC_STOCK}/conntrack.conf`)).toBe(readFileSync('collector/conntrack.conf', 'utf8'));
    });

    it('does not uninstall either, until that is fixed', () => {
      machine.run(['rm', PLANTED]);
      machine.run([INSTALLER, '--prefix', PREFIX]);
      machine.run(['chown', 'netdata', `${STATIC_STOCK}/health.d`]);
      const before = state(machine);
      const { status, stderr } = machine.attempt([UNINSTALLER, '--prefix', PREFIX]);
      expect(stderr).toContain(`users other than root can write to ${STATIC_STOCK}/health.d`);
      expect(status).toBe(1);
      expect(state(machine)).toEqual(before);
      machine.run(['chown', 'root', `${STATIC_STOCK}/health.d`]);
      expect(machine.attempt([UNINSTALLER, '--prefix', PREFIX])).toMatchObject({ status: 0, stderr: '' });
      expect(machine.describe(`${STATIC_PLUGINS}/conntrack.plugin`)).toBeUndefined();
    });

    it('installs below /tmp if that has the sticky bit', () => {
      const prefix = '/tmp/agent';
      machine.run(['cp', '-R', PREFIX, prefix]);
      machine.run(['chmod', '0777', '/tmp']);
      expect(machine.attempt([INSTALLER, '--prefix', prefix]).stderr).toContain('can write to /tmp, and so');
      machine.run(['chmod', '1777', '/tmp']);
      expect(machine.attempt([INSTALLER, '--prefix', prefix])).toMatchObject({ status: 0, stderr: '' });
    });
  });

  it('leaves nothing behind if it is interrupted at any step and then uninstalled', () => {
    const [cut, count] = ['/tmp/cut', '/tmp/count'];
    // Every program that it calls decrements a counter; at zero it kills the whole process group instead.
    const script = `#!/bin/sh
program=\${0##*/}
read -r left <${count}
echo "$((left - 1))" >${count}
[ "$left" -ne 1 ] || kill -KILL 0
PATH=/usr/sbin:/usr/bin:/sbin:/bin exec "$program" "$@"
`;
    for (const name of ['chmod', 'chown', 'install', 'ln', 'mkdir', 'mv', 'rm', 'setcap']) {
      machine.write(`${cut}/${name}`, script, 0o755);
    }
    const paths = { PATH: `${cut}:/usr/sbin:/usr/bin:/sbin:/bin` };
    addStaticAgent(machine);
    machine.run(['rm', '-r', `${PREFIX}/usr/sbin`]);
    const before = state(machine);
    const isThere = (name: string): boolean => machine.describe(`${STATIC_PLUGINS}/${name}`) !== undefined;
    let steps = 0;
    for (let status: number | null = null; status !== 0; ) {
      steps += 1;
      machine.write(count, `${steps}\n`);
      ({ status } = machine.attempt(['setsid', '--wait', INSTALLER, '--prefix', PREFIX], paths));
      expect([!isThere('conntrack.plugin'), isThere('conntrack-koffi/index.js')], `step ${steps}`).toContain(true);
      const isKnown = isThere('conntrack-setup') || isThere('conntrack-setup.new');
      expect(machine.attempt([UNINSTALLER, '--prefix', PREFIX]).status, `step ${steps}`).toBe(isKnown ? 0 : 1);
      machine.run(['rm', count]);
      expect(state(machine), `step ${steps}`).toEqual(before);
    }
    expect(steps).toBeGreaterThan(20);
  });

  it('rejects contradictory arguments', () => {
    const refused: readonly (readonly [command: readonly string[], reason: string])[] = [
      [
        ['--restore-builtin', '--replace-builtin'],
        'expected a command of --help, got: --restore-builtin --replace-builtin',
      ],
      [['--namespaces', '--no-namespaces'], 'expected a command of --help, got: --namespaces --no-namespaces'],
      [['uninstall', '--replace-builtin'], 'expected a command of --help, got: uninstall --replace-builtin'],
      [[], 'expected a command of --help, got: nothing'],
      [['install', '--prefix', ''], '--prefix: expected an absolute path, got ""'],
      [['uninstall', '--prefix='], '--prefix: expected an absolute path, got ""'],
    ];
    machine.run([INSTALLER]);
    for (const [words, reason] of refused) expectRefused([SETUP, ...words], reason);
  });

  it('signals new alerts only to agents with this root that catch the signal', async () => {
    // A process that catches the signals records them; of those that wait, the shell takes the lower number first.
    const catching = (log: string): string =>
      `for name in TERM USR2; do trap "echo $name >>${log}" $name; done; echo ready >${log}; while :; do sleep 0.1; done`;
    machine.run(['mkdir', '-p', '/srv/sleeping', '/srv/catching', '/run/other/tmp']);
    machine.run(['cp', '/bin/sleep', '/srv/sleeping/netdata']);
    machine.run(['cp', '/bin/dash', '/srv/catching/netdata']);
    const other = 'cd /run/other && mkdir usr && mount --bind /usr usr && cp -P /bin /lib /lib64 . && cp -R /srv .';
    machine.run(['sh', '-c', other]);
    machine.start(['/srv/sleeping/netdata', '1000']);
    machine.start(['/srv/catching/netdata', '-c', catching('/tmp/log')]);
    machine.start(['chroot', '/run/other', '/srv/catching/netdata', '-c', catching('/tmp/log')]);
    const logs = ['/tmp/log', '/run/other/tmp/log'];
    const all = (text: string): boolean =>
      logs.every((log) => machine.describe(log) !== undefined && machine.read(log).includes(text));
    await until('both are running', 120, () => all('ready\n'));
    expect(install(machine, packages.debian)).toMatchObject({ status: 0, stderr: '' });
    for (const pid of machine.processesOf('/srv/catching/netdata')) machine.run(['kill', '-TERM', String(pid)]);
    for (const pid of machine.processesOf('/run/other/srv/catching/netdata')) {
      machine.run(['kill', '-TERM', String(pid)]);
    }
    await until('both have received the later signal', 120, () => all('TERM\n'));
    expect(logs.map((log) => machine.read(log).split('\n').includes('USR2'))).toEqual([true, false]);
    expect(machine.processesOf('/srv/sleeping/netdata')).toHaveLength(1);
  });

  it('refuses what it cannot do, and changes nothing', () => {
    expectRefused([INSTALLER, '--perfix', PREFIX], `expected a command of --help, got: install --perfix ${PREFIX}`);
    expectRefused([INSTALLER, '--prefix'], '--prefix: expected an absolute path, got ""');
    expectRefused([INSTALLER, '--prefix', 'opt'], '--prefix: expected an absolute path, got "opt"');
    expectRefused([INSTALLER, 'uninstall'], 'expected a command of --help, got: install uninstall');
    expectRefused([INSTALLER, '--prefix', '/srv'], 'no Netdata agent found in: /srv; name its directory with --prefix');
    expectRefused([INSTALLER], 'must be run as root', AS_NOBODY);
    expectRefused(
      [UNINSTALLER],
      'no installed conntrack.plugin found in: / /opt/netdata; name its directory with --prefix',
    );
    addStaticAgent(machine);
    expectRefused([INSTALLER], 'Netdata agent found more than once: / /opt/netdata; choose one with --prefix');
    machine.run(['rm', '-r', PREFIX]);
    removeDebiansAgent(machine);
    expectRefused([INSTALLER], 'no Netdata agent found in: / /opt/netdata; name its directory with --prefix');
    machine.run(['chmod', '-x', `${UNPACKED}/conntrack.plugin`]);
    addStaticAgent(machine);
    const { status, stderr } = machine.attempt([INSTALLER]);
    expect(stderr).toContain('conntrack.plugin: it needs glibc 2.28');
    expect(status).toBe(1);
    expect(machine.describe(`${STATIC_PLUGINS}/conntrack-koffi`)).toBeUndefined();
  });

  it('can undo an installation after the agent has been removed', () => {
    machine.run([INSTALLER]);
    removeDebiansAgent(machine);
    machine.run(['rm', '-r', `${STOCK}/health.d`]);
    machine.run([UNINSTALLER]);
    const left = Object.keys(state(machine)).filter((path) => machine.describe(path) !== undefined);
    expect(left.filter((path) => path.includes('conntrack'))).toEqual([]);
  });
});

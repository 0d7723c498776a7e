/**
 * The installer and the packages' scripts on a disposable machine: directories that other users can write to, interrupted
 * installations, processes of others, agents in other places, failing removals.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';

import { changelog } from '../../collector/package/debian.ts';
import { Machine, type Result } from '../helpers/machine.ts';
import {
  addStaticAgent,
  PLUGINS,
  PREFIX,
  put,
  removeDebiansAgent,
  STATIC_PLUGINS,
  STATIC_STOCK,
} from '../helpers/machine_agents.ts';
import { buildStandIns, DATE, type StandIns, VERSION } from '../helpers/stand_in_package.ts';
import { until } from '../helpers/until.ts';

const NAME = 'netdata-plugin-conntrack';
const PLUGIN = `${PLUGINS}/conntrack.plugin`;
const SETUP = `${PLUGINS}/conntrack-setup`;
const STOCK = '/usr/lib/netdata/conf.d';
const NATIVE_PLUGINS = '/usr/libexec/netdata/plugins.d';
const UNPACKED = `/tmp/${NAME}-${VERSION}-all`;
const INSTALLER = `${UNPACKED}/install.sh`;
const UNINSTALLER = `${UNPACKED}/uninstall.sh`;

/** Files that dpkg manages. */
const BOOKKEEPING = /^\/var\/(lib\/dpkg|log|cache)(\/|$)/;

describe.skipIf(inject('missing').package !== undefined)('the installer', () => {
  let built: string;
  let packages: StandIns;
  let machine: Machine;

  /** Differences of the machine from its original, without bookkeeping. */
  const state = (): Readonly<Record<string, string>> =>
    Object.fromEntries(Object.entries(machine.changes()).filter(([path]) => !BOOKKEEPING.test(path)));
  const install = (): Result => machine.attempt(['dpkg', '-i', put(machine, packages.debian)]);
  const linkOf = (path: string): string => machine.run(['readlink', path]).trim();

  beforeAll(() => {
    built = mkdtempSync(join(tmpdir(), 'conntrack-installer-'));
    packages = buildStandIns(join(built, 'packages'));
  });

  beforeEach(async () => {
    machine = await Machine.start();
    machine.run(['tar', 'xzf', put(machine, packages.archive), '-C', '/tmp']);
  });

  afterEach(() => machine.close());
  afterAll(() => rmSync(built, { recursive: true, force: true }));

  it('removes the capability from the program if there is no group netdata, since every user can run it then', () => {
    install();
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
      const before = state();
      const { status, stderr } = machine.attempt([INSTALLER, '--prefix', PREFIX]);
      expect(stderr).toBe(
        `conntrack-setup: users other than root can write to ${open}, and so change what is written to ${written}: ` +
          'chown root and chmod go-w it\n',
      );
      expect(status).toBe(1);
      expect(state()).toEqual(before);
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
      const before = state();
      const { status, stderr } = machine.attempt([UNINSTALLER, '--prefix', PREFIX]);
      expect(stderr).toContain(`users other than root can write to ${STATIC_STOCK}/health.d`);
      expect(status).toBe(1);
      expect(state()).toEqual(before);
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
    for (const name of ['chmod', 'chown', 'cp', 'ln', 'mkdir', 'mv', 'rm', 'setcap']) {
      machine.write(`${cut}/${name}`, script, 0o755);
    }
    const paths = { PATH: `${cut}:/usr/sbin:/usr/bin:/sbin:/bin` };
    addStaticAgent(machine);
    machine.run(['rm', '-r', `${PREFIX}/usr/sbin`]);
    const before = state();
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
      expect(state(), `step ${steps}`).toEqual(before);
    }
    expect(steps).toBeGreaterThan(20);
  });

  it('rejects contradictory arguments', () => {
    const refused: readonly (readonly [command: readonly string[], reason: string])[] = [
      [
        ['--restore-builtin', '--replace-builtin'],
        '--replace-builtin: expected install or no command, got --restore-builtin',
      ],
      [['uninstall', '--replace-builtin'], '--replace-builtin: expected install or no command, got uninstall'],
      [['configure', '--prefix', PREFIX], '--prefix: not allowed with configure, which handles / and /opt/netdata'],
      [['install', '--prefix', ''], '--prefix: expected an absolute path, got ""'],
      [['uninstall', '--prefix='], '--prefix: expected an absolute path, got ""'],
    ];
    machine.run([INSTALLER]);
    const before = state();
    for (const [words, reason] of refused) {
      const { status, stderr } = machine.attempt([SETUP, ...words]);
      expect({ status, stderr }).toEqual({ status: 1, stderr: `conntrack-setup: ${reason}\n` });
      expect(state()).toEqual(before);
    }
  });

  it('signals new alerts only to agents with this root that catch the signal', async () => {
    // A process that catches the signals records them.
    const catching = (log: string): string =>
      `for name in USR1 USR2; do trap "echo $name >>${log}" $name; done; echo ready >${log}; while :; do sleep 0.1; done`;
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
    await until('both are running', 10, () => all('ready\n'));
    expect(install()).toMatchObject({ status: 0, stderr: '' });
    for (const pid of machine.processesOf('/srv/catching/netdata')) machine.run(['kill', '-USR1', String(pid)]);
    for (const pid of machine.processesOf('/run/other/srv/catching/netdata')) {
      machine.run(['kill', '-USR1', String(pid)]);
    }
    await until('both have received the later signal', 10, () => all('USR1\n'));
    expect(logs.map((log) => machine.read(log).split('\n').includes('USR2'))).toEqual([true, false]);
    expect(machine.processesOf('/srv/sleeping/netdata')).toHaveLength(1);
  });

  it.each([PLUGINS, NATIVE_PLUGINS, STATIC_PLUGINS])('is replaced by the Debian package in %s', (plugins) => {
    removeDebiansAgent(machine);
    if (plugins === STATIC_PLUGINS) addStaticAgent(machine);
    machine.write(`${plugins}/apps.plugin`, '#!/bin/sh\n', 0o750);
    const before = state();
    expect(machine.attempt([INSTALLER])).toMatchObject({ status: 0, stderr: '' });
    const own = ['conntrack-koffi', 'conntrack-setup', 'conntrack.plugin'];
    const inAgent = (): readonly string[] =>
      machine
        .run(['ls', plugins])
        .split('\n')
        .filter((name) => name.startsWith('conntrack'));
    expect(inAgent()).toEqual(own);
    expect(install()).toMatchObject({ status: 0, stderr: '' });
    expect(inAgent()).toEqual(plugins === PLUGINS ? own : ['conntrack.plugin']);
    for (const path of [`${plugins}/conntrack.plugin`, '/usr/sbin/conntrack.plugin']) {
      expect(machine.run(['readlink', '-f', path])).toBe(`${PLUGIN}\n`);
    }
    expect(machine.run(['dpkg', '--verify', NAME])).toBe('');
    expect(machine.attempt(['dpkg', '-r', NAME]).status).toBe(0);
    const after = state();
    const left = Object.keys(after).filter((path) => after[path] !== before[path] && after[path] !== 'gone');
    expect(left).toEqual([]);
  });

  it.each(['/usr/share', '/usr/lib64'])(
    'is not needed by the Debian package to find stock configuration in %s',
    (folder) => {
      const stock = `${folder}/netdata/conf.d`;
      removeDebiansAgent(machine);
      machine.run(['rm', '-r', `${STOCK}/health.d`]);
      machine.write(`${NATIVE_PLUGINS}/apps.plugin`, '#!/bin/sh\n', 0o750);
      machine.write(`${stock}/health.d/cpu.conf`, '');
      expect(install()).toMatchObject({ status: 0, stderr: '' });
      for (const file of ['conntrack.conf', 'health.d/conntrack.conf']) {
        expect(linkOf(`${stock}/${file}`)).toBe(`${STOCK}/${file}`);
      }
      machine.run(['dpkg', '-r', NAME]);
      expect(machine.run(['ls', stock, `${stock}/health.d`])).toBe(
        `${stock}:\nhealth.d\n\n${stock}/health.d:\ncpu.conf\n`,
      );
    },
  );

  describe('removing the Debian package', () => {
    const NETDATA_CONF = '/etc/netdata/netdata.conf';

    beforeEach(() => {
      machine.write(`${NATIVE_PLUGINS}/apps.plugin`, '#!/bin/sh\n', 0o750);
      install();
      machine.run([SETUP, '--replace-builtin', '--prefix', '/']);
      expect(linkOf(`${NATIVE_PLUGINS}/conntrack.plugin`)).toBe(PLUGIN);
    });

    it('continues with a warning if the edit of netdata.conf cannot be undone', () => {
      const edited = machine.read(NETDATA_CONF);
      machine.run(['mount', '--bind', '/etc/netdata', '/etc/netdata']);
      machine.run(['mount', '-o', 'remount,bind,ro', '/etc/netdata']);
      const { status, stderr } = machine.attempt(['dpkg', '-r', NAME]);
      expect(stderr).toContain('from netdata.conf in / by hand');
      expect(status).toBe(0);
      expect(machine.run(['ls', NATIVE_PLUGINS])).toBe('apps.plugin\n');
      expect(machine.describe(PLUGIN)).toBeUndefined();
      expect(machine.read(NETDATA_CONF)).toBe(edited);
    });

    it('restores the plugin if dpkg aborts it', () => {
      const scripts = `/var/lib/dpkg/info/${NAME}`;
      machine.run([`${scripts}.prerm`, 'remove', 'in-favour', 'another', '1']);
      expect(machine.run(['ls', NATIVE_PLUGINS])).toBe('apps.plugin\n');
      machine.run([`${scripts}.postinst`, 'abort-remove', 'in-favour', 'another', '1']);
      expect(linkOf(`${NATIVE_PLUGINS}/conntrack.plugin`)).toBe(PLUGIN);
    });
  });
});

describe.skipIf(inject('missing').package !== undefined)('Debian packages built twice from the same files', () => {
  let folder: string;
  let packages: StandIns;
  const read = (command: string, ...words: string[]): string => spawnSync(command, words, { encoding: 'utf8' }).stdout;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'conntrack-packages-'));
    packages = buildStandIns(join(folder, 'one'));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are identical, with the same time for every file', () => {
    const again = buildStandIns(join(folder, 'again'));
    for (const kind of ['alerts', 'debian'] as const) {
      expect(readFileSync(again[kind]).equals(readFileSync(packages[kind])), kind).toBe(true);
      const lines = read('sh', '-c', 'TZ=UTC dpkg-deb --contents "$1"', 'sh', packages[kind]).trimEnd().split('\n');
      expect(lines.length).toBeGreaterThan(10);
      for (const line of lines) expect(line).toContain(` ${DATE} 00:00 `);
    }
  });

  it.each([
    ['debian', NAME],
    ['alerts', `${NAME}-alerts`],
  ] as const)('of the kind %s contain both changelogs, and the one for Debian names version and time', (kind, name) => {
    const documentation = `usr/share/doc/${name}`;
    const extract = (path: string): Buffer =>
      spawnSync('sh', ['-c', 'dpkg-deb --fsys-tarfile "$1" | tar -xO "./$2"', 'sh', packages[kind], path]).stdout;
    const compressed = extract(`${documentation}/changelog.gz`);
    expect(gunzipSync(compressed).toString()).toBe(changelog(name, VERSION, Date.parse(DATE) / 1000));
    // The XFL byte of the highest compression level.
    expect(compressed.readUInt8(8)).toBe(2);
    expect(extract(`${documentation}/CHANGELOG.md`).toString()).toBe(readFileSync('CHANGELOG.md', 'utf8'));
  });

  it('have a synopsis', () => {
    const [synopsis = ''] = read('dpkg-deb', '--field', packages.debian, 'Description').split('\n');
    expect(synopsis).toBe('connection tracking charts and alerts for Netdata');
  });
});

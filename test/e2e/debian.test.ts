/** The Debian package on a disposable machine, with a stand-in for the program: agents in other places, failing removals. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';

import { changelog } from '../../collector/package/debian.ts';
import { install, NAME, PLUGIN, SETUP, STOCK, state } from '../helpers/built_packages.ts';
import type { Machine } from '../helpers/machine.ts';
import { addStaticAgent, PLUGINS, put, removeDebiansAgent, STATIC_PLUGINS } from '../helpers/machine_agents.ts';
import { buildStandIns, DATE, type StandIns, VERSION } from '../helpers/stand_in_package.ts';
import { INSTALLER, onMachines, UNINSTALLER } from '../helpers/unpacked_archive.ts';

const NATIVE_PLUGINS = '/usr/libexec/netdata/plugins.d';

describe.skipIf(inject('missing').package !== undefined)('the Debian package', () => {
  let packages: StandIns;
  let machine: Machine;

  const linkOf = (path: string): string => machine.run(['readlink', path]).trim();

  onMachines((started, built) => {
    machine = started;
    packages = built;
  });

  it.each([PLUGINS, NATIVE_PLUGINS, STATIC_PLUGINS])('replaces the files of install.sh in %s', (plugins) => {
    removeDebiansAgent(machine);
    if (plugins === STATIC_PLUGINS) addStaticAgent(machine);
    machine.write(`${plugins}/apps.plugin`, '#!/bin/sh\n', 0o750);
    const before = state(machine);
    expect(machine.attempt([INSTALLER])).toMatchObject({ status: 0, stderr: '' });
    const own = ['conntrack-koffi', 'conntrack-setup', 'conntrack.plugin'];
    const inAgent = (): readonly string[] =>
      machine
        .run(['ls', plugins])
        .split('\n')
        .filter((name) => name.startsWith('conntrack'));
    expect(inAgent()).toEqual(own);
    expect(install(machine, packages.debian)).toMatchObject({ status: 0, stderr: '' });
    expect(inAgent()).toEqual(plugins === PLUGINS ? own : ['conntrack.plugin']);
    for (const path of [`${plugins}/conntrack.plugin`, '/usr/sbin/conntrack.plugin']) {
      expect(machine.run(['readlink', '-f', path])).toBe(`${PLUGIN}\n`);
    }
    expect(machine.run(['dpkg', '--verify', NAME])).toBe('');
    expect(machine.attempt(['dpkg', '-r', NAME]).status).toBe(0);
    const after = state(machine);
    const left = Object.keys(after).filter((path) => after[path] !== before[path] && after[path] !== 'gone');
    expect(left).toEqual([]);
  });

  it('can be run by an agent that finds it before it is configured, and then gives no capability to a process that has it open', () => {
    const opened = '/usr/lib/netdata/opened';
    const asAgent = (path: string): readonly string[] => [
      'setpriv',
      '--reuid=netdata',
      '--clear-groups',
      path,
      '--version',
    ];
    machine.run(['dpkg', '--unpack', put(machine, packages.debian)]);
    machine.run(['ln', PLUGIN, opened]);
    machine.run(asAgent(opened));
    machine.run(['dpkg', '--configure', NAME]);
    expect(machine.run(['getcap', PLUGIN])).toBe(`${PLUGIN} cap_net_admin=p\n`);
    expect(machine.run(['getcap', opened])).toBe('');
    expect(machine.run(['dpkg', '--verify', NAME])).toBe('');
    expect(machine.run(['sh', '-c', 'ls /usr/lib/netdata/plugins.d | grep conntrack.new || echo none'])).toBe('none\n');
  });

  it.each(['/usr/share', '/usr/lib64'])('finds stock configuration in %s', (folder) => {
    const stock = `${folder}/netdata/conf.d`;
    removeDebiansAgent(machine);
    machine.run(['rm', '-r', `${STOCK}/health.d`]);
    machine.write(`${NATIVE_PLUGINS}/apps.plugin`, '#!/bin/sh\n', 0o750);
    machine.write(`${stock}/health.d/cpu.conf`, '');
    expect(install(machine, packages.debian)).toMatchObject({ status: 0, stderr: '' });
    for (const file of ['conntrack.conf', 'health.d/conntrack.conf']) {
      expect(linkOf(`${stock}/${file}`)).toBe(`${STOCK}/${file}`);
    }
    machine.run(['dpkg', '-r', NAME]);
    expect(machine.run(['ls', stock, `${stock}/health.d`])).toBe(
      `${stock}:\nhealth.d\n\n${stock}/health.d:\ncpu.conf\n`,
    );
  });

  describe('when it is removed', () => {
    const NETDATA_CONF = '/etc/netdata/netdata.conf';

    beforeEach(() => {
      machine.write(`${NATIVE_PLUGINS}/apps.plugin`, '#!/bin/sh\n', 0o750);
      install(machine, packages.debian);
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

    it('restores the plugin if dpkg aborts the removal', () => {
      const scripts = `/var/lib/dpkg/info/${NAME}`;
      machine.run([`${scripts}.prerm`, 'remove', 'in-favour', 'another', '1']);
      expect(machine.run(['ls', NATIVE_PLUGINS])).toBe('apps.plugin\n');
      machine.run([`${scripts}.postinst`, 'abort-remove', 'in-favour', 'another', '1']);
      expect(linkOf(`${NATIVE_PLUGINS}/conntrack.plugin`)).toBe(PLUGIN);
    });
  });

  it('is left to the package manager by the installer, which can be used again after its removal', () => {
    install(machine, packages.debian);
    for (const command of [[INSTALLER, '--prefix', '/'], [UNINSTALLER]]) {
      const before = state(machine);
      const stderr = `conntrack-setup: the package ${NAME} is installed: use apt\n`;
      expect(machine.attempt(command)).toMatchObject({ status: 1, stderr });
      expect(state(machine)).toEqual(before);
    }
    machine.run(['dpkg', '-r', NAME]);
    expect(machine.attempt([INSTALLER])).toMatchObject({ status: 0, stderr: '' });
  });

  it('adds the plugin to an agent that is installed later', () => {
    removeDebiansAgent(machine);
    expect(install(machine, packages.debian).stderr).toContain('no Netdata agent found yet');
    addStaticAgent(machine);
    machine.run(['dpkg-trigger', '--by-package=netdata-core', STATIC_PLUGINS]);
    machine.run(['dpkg', '--configure', '--pending']);
    expect(machine.run(['readlink', '-f', `${STATIC_PLUGINS}/conntrack.plugin`])).toBe(`${PLUGIN}\n`);
    expect(machine.run(['getcap', PLUGIN])).toBe(`${PLUGIN} cap_net_admin=p\n`);
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

/** `conntrack-setup --namespaces` on a disposable machine, with a stand-in for the program: what it grants, and for how long. */

import { beforeEach, describe, expect, inject, it } from 'vitest';

import { install, NAME, PLUGIN, SETUP, state } from '../helpers/built_packages.ts';
import type { Machine } from '../helpers/machine.ts';
import { addStaticAgent, PLUGINS, PREFIX, STATIC_PLUGINS } from '../helpers/machine_agents.ts';
import type { StandIns } from '../helpers/stand_in_package.ts';
import { INSTALLER, onMachines, UNINSTALLER } from '../helpers/unpacked_archive.ts';

const INSTALL = [INSTALLER, '--prefix', PREFIX];
const UNINSTALL = [UNINSTALLER, '--prefix', PREFIX];
const STATIC_PLUGIN = `${STATIC_PLUGINS}/conntrack.plugin`;
const STATIC_SETUP = `${STATIC_PLUGINS}/conntrack-setup`;
const BOTH = 'cap_net_admin,cap_sys_admin=p';

describe.skipIf(inject('missing').package !== undefined)('conntrack-setup --namespaces', () => {
  let packages: StandIns;
  let machine: Machine;

  /** Expects these capabilities, and that only root and the group netdata can run the program. */
  function expectPrivilege(capabilities: string, program = PLUGIN): void {
    expect(machine.run(['getcap', program])).toBe(`${program} ${capabilities}\n`);
    expect(machine.run(['stat', '-c', '%U:%G %a', program])).toBe('root:netdata 750\n');
  }

  function run(...words: string[]): void {
    expect(machine.attempt(words)).toMatchObject({ status: 0, stderr: '' });
  }

  onMachines((started, built) => {
    machine = started;
    packages = built;
  });

  describe('with the Debian package', () => {
    beforeEach(() => void install(machine, packages.debian));

    it('grants what survives an upgrade and a removal, until it is taken back', () => {
      expectPrivilege('cap_net_admin=p');
      run(SETUP, '--namespaces');
      expectPrivilege(BOTH);
      // The same version again is an upgrade for dpkg, which replaces the file.
      install(machine, packages.debian);
      expectPrivilege(BOTH);
      run('dpkg', '-r', NAME);
      install(machine, packages.debian);
      expectPrivilege(BOTH);
      run(SETUP, '--no-namespaces');
      expectPrivilege('cap_net_admin=p');
      install(machine, packages.debian);
      expectPrivilege('cap_net_admin=p');
    });

    it('grants nothing to a version that is installed after a purge', () => {
      run(SETUP, '--namespaces');
      machine.run(['dpkg', '-P', NAME]);
      expect(machine.run(['sh', '-c', `find ${PLUGINS} -name "conntrack*"`])).toBe('');
      install(machine, packages.debian);
      expectPrivilege('cap_net_admin=p');
    });

    it('is refused for a program that every user could run, and is not remembered', () => {
      machine.run(['sed', '-i', '/^netdata:/d', '/etc/group']);
      const { status, stderr } = machine.attempt([SETUP, '--namespaces']);
      expect(stderr).toContain('no group netdata');
      expect(status).toBe(1);
      expect(machine.run(['getcap', PLUGIN])).toBe('');
      machine.run(['groupadd', '--system', 'netdata']);
      run(SETUP, 'configure');
      expectPrivilege('cap_net_admin=p');
    });
  });

  describe('with the archive', () => {
    beforeEach(() => {
      addStaticAgent(machine);
      run(...INSTALL);
    });

    it('grants what survives an upgrade, until it is taken back', () => {
      expectPrivilege('cap_net_admin=p', STATIC_PLUGIN);
      run(STATIC_SETUP, '--namespaces');
      expectPrivilege(BOTH, STATIC_PLUGIN);
      run(...INSTALL);
      expectPrivilege(BOTH, STATIC_PLUGIN);
      run(STATIC_SETUP, '--no-namespaces', '--prefix', PREFIX);
      run(...INSTALL);
      expectPrivilege('cap_net_admin=p', STATIC_PLUGIN);
    });

    it('leaves nothing behind once the plugin is uninstalled', () => {
      run(...UNINSTALL);
      const before = state(machine);
      run(...INSTALL);
      run(STATIC_SETUP, '--namespaces');
      run(...UNINSTALL);
      expect(state(machine)).toEqual(before);
      run(...INSTALL);
      expectPrivilege('cap_net_admin=p', STATIC_PLUGIN);
    });

    it('grants nothing to the Debian package that replaces its files', () => {
      run(STATIC_SETUP, '--namespaces');
      install(machine, packages.debian);
      expectPrivilege('cap_net_admin=p');
      expect(machine.run(['ls', STATIC_PLUGINS])).toBe('apps.plugin\nconntrack.plugin\n');
    });

    it('is refused where another user could forge the record', () => {
      machine.run(['chown', 'netdata', STATIC_PLUGINS]);
      const { status, stderr } = machine.attempt([STATIC_SETUP, '--namespaces']);
      expect(stderr).toContain(`users other than root can write to ${STATIC_PLUGINS}`);
      expect(status).toBe(1);
      expectPrivilege('cap_net_admin=p', STATIC_PLUGIN);
    });
  });
});

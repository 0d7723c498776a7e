/** The packages in agents that are not where Debian's is: below a prefix, and with links. */

import { basename } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';

import {
  AS_NETDATA,
  type BuiltPackages,
  built,
  chartsIn,
  install,
  NAME,
  PLUGIN,
  runAs,
  SETTINGS,
  SETUP,
  STOCK,
  state,
} from '../helpers/built_packages.ts';
import { Machine } from '../helpers/machine.ts';
import {
  addStaticAgent,
  PREFIX,
  put,
  removeDebiansAgent,
  STATIC_CONF,
  STATIC_PLUGINS,
  STATIC_STOCK,
} from '../helpers/machine_agents.ts';

describe.skipIf(inject('missing').package !== undefined)('the packages', () => {
  let packages: BuiltPackages;
  let machine: Machine;
  let installer: string;
  let uninstaller: string;

  beforeAll(() => {
    packages = built();
  });

  beforeEach(async () => {
    machine = await Machine.start();
    machine.run(['tar', 'xzf', put(machine, packages.archive), '-C', '/tmp']);
    const folder = `/tmp/${basename(packages.archive, '.tar.gz').replaceAll('_', '-')}`;
    installer = `${folder}/install.sh`;
    uninstaller = `${folder}/uninstall.sh`;
  });

  afterEach(() => machine.close());
  afterAll(() => packages.remove());

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
    const charts = chartsIn(runAs(machine, AS_NETDATA, [`${PREFIX}/usr/sbin/conntrack.plugin`, '1', '--ticks', '3']));
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
    const charts = chartsIn(runAs(machine, AS_NETDATA, [`${STATIC_PLUGINS}/conntrack.plugin`, '1', '--ticks', '3']));
    expect(charts).toEqual(expect.arrayContaining(['new_by_protocol', 'sockets', 'tcp_states']));
    machine.run([SETUP, '--replace-builtin', '--prefix', PREFIX]);
    // The agent may be removed first.
    machine.run(['rm', `${native}/apps.plugin`]);
    machine.run(['dpkg', '-r', NAME]);
    machine.write(`${native}/apps.plugin`, '#!/bin/sh\n', 0o750);
    expect(state(machine)).toEqual(before);
  });
});

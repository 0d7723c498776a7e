/** The packages with the real program on disposable machines: how they are built, installed and run. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { buildPackages, type Packages } from '../../collector/package/packages.ts';
import { run } from './conntrack.ts';
import type { Machine, Result } from './machine.ts';
import { PLUGINS, put } from './machine_agents.ts';

export const NAME = 'netdata-plugin-conntrack';
export const PLUGIN = `${PLUGINS}/conntrack.plugin`;
export const SETUP = `${PLUGINS}/conntrack-setup`;
export const STOCK = '/usr/lib/netdata/conf.d';
export const OPERATORS_CONF = '/etc/netdata/conntrack.conf';

export const AS_NETDATA = ['setpriv', '--reuid=netdata', '--regid=netdata', '--init-groups'];
export const AS_NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

/** An operator's configuration, with a comment. */
const WITH_FLOWS = '# mine\nmodules:\n  flows: { update_every: 1, cpu_share: 100 }\n';
export const SETTINGS = `${WITH_FLOWS}  sockets: { update_every: 1, cpu_share: 100 }\n`;
export const SETTINGS_WITHOUT_SOCKETS = `${WITH_FLOWS}  sockets: { enabled: no }\n`;

/** Files that dpkg and the agent manage. */
const BOOKKEEPING = /^\/(var\/(lib\/dpkg|lib\/netdata|log|cache))(\/|$)/;

export interface BuiltPackages extends Packages {
  /** A folder for further files. */
  readonly folder: string;
  readonly remove: () => void;
}

/** Builds the packages from the output of `npm run build`. */
export function built(): BuiltPackages {
  const folder = mkdtempSync(join(tmpdir(), 'conntrack-package-'));
  const packages = buildPackages(join(folder, 'packages'), 'fast');
  return { ...packages, folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/**
 * The same Debian package with another version.
 *
 * @param folder that it is unpacked in; the package is made next to it.
 * @param edit changes the unpacked files.
 */
export function withVersion(
  debian: string,
  version: string,
  folder: string,
  edit = (_root: string): void => {},
): string {
  const path = `${folder}.deb`;
  run(['dpkg-deb', '-R', debian, folder]);
  const control = join(folder, 'DEBIAN/control');
  writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, `Version: ${version}`));
  edit(folder);
  run(['dpkg-deb', '--root-owner-group', '-Znone', '--build', folder, path]);
  return path;
}

/** Differences of a machine from its original, without bookkeeping. */
export function state(machine: Machine): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(machine.changes()).filter(([path]) => !BOOKKEEPING.test(path)));
}

/** Runs a program on the machine as another user, with an empty standard input. */
export function runAs(machine: Machine, who: readonly string[], command: readonly string[]): Result {
  return machine.attempt([...who, 'sh', '-c', 'exec "$@" </dev/null', 'sh', ...command]);
}

/** The charts in a program's output. */
export function chartsIn({ stdout }: Result): readonly string[] {
  return [...new Set([...stdout.matchAll(/^BEGIN conntrack\.(\S+)/gm)].map(([, chart = '']) => chart))].sort();
}

/** Installs a Debian package. */
export function install(machine: Machine, file: string): Result {
  return machine.attempt(['dpkg', '-i', put(machine, file)]);
}

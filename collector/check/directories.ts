/** Where agents are installed: by packages below `/`, by static installs below `/opt/netdata`, or below any prefix. */

import { dirname } from 'node:path';

import { exists } from '../procfs/file.ts';
import type { CheckFileSystem } from './files.ts';

/** The usual prefixes. */
export const PREFIXES = ['', '/opt/netdata'] as const;
/** Directories of plugins and of stock configuration below a prefix. The installer has the same lists. */
export const PLUGINS = ['/usr/libexec/netdata/plugins.d', '/usr/lib/netdata/plugins.d', '/usr/lib64/netdata/plugins.d'];
export const STOCK = ['/usr/lib/netdata/conf.d', '/usr/lib64/netdata/conf.d', '/usr/share/netdata/conf.d'];

/** The agent's program below a prefix: packages, static installs, others. */
const PROGRAMS = ['/usr/sbin/netdata', '/bin/srv/netdata', '/sbin/netdata', '/usr/bin/netdata', '/bin/netdata'];

/** The prefix of the agent that a plugin is installed in, otherwise the first usual one that has an agent. */
export function prefixOfPlugin(fs: CheckFileSystem, plugin: string): string | undefined {
  const folder = dirname(plugin);
  const own = PLUGINS.find((path) => folder.endsWith(path));
  if (own !== undefined) return folder.slice(0, -own.length);
  return PREFIXES.find((prefix) => pluginDirectories(fs, prefix).length > 0);
}

/** The prefix of an agent, from the path of its program. */
export function prefixOfProgram(fs: CheckFileSystem, program: string): string | undefined {
  const prefixes = PROGRAMS.filter((path) => program.endsWith(path)).map((path) => program.slice(0, -path.length));
  return prefixes.find((prefix) => pluginDirectories(fs, prefix).length > 0);
}

/** The plugin directories that exist below a prefix. */
export function pluginDirectories(fs: CheckFileSystem, prefix: string | undefined): string[] {
  if (prefix === undefined) return [];
  return PLUGINS.map((path) => `${prefix}${path}`).filter((path) => exists(fs, path));
}

/** The first stock configuration directory that exists below a prefix, otherwise the most usual one. */
export function stockDirectory(fs: CheckFileSystem, prefix: string | undefined): string | undefined {
  if (prefix === undefined) return undefined;
  const paths = STOCK.map((path) => `${prefix}${path}`);
  return paths.find((path) => exists(fs, path)) ?? paths[0];
}

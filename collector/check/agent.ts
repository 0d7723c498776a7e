/**
 * The Netdata agent of this host: its process, and the directories that it and its plugins use, as `netdata.conf` says
 * or as the agent's packages lay them out.
 */

import { dirname } from 'node:path';

import type { Environment } from '../agent/environment.ts';
import { Ini } from '../agent/ini.ts';
import { exists } from '../procfs/file.ts';
import { type Account, accountNamed, accountOf } from './accounts.ts';
import { type AgentProcess, findProcesses, NAME } from './agent_process.ts';
import { type CheckFileSystem, readText, realPath } from './files.ts';
import { findPlugin, type PluginDirectories, type PluginProcess, PROGRAM } from './plugin_process.ts';
import { readWords } from './process.ts';
import type { Seen } from './seen.ts';

/** Where a native or distribution package and a static install put everything below. */
export const PREFIXES = ['', '/opt/netdata'] as const;
/** Where plugins and the stock configuration are, below a prefix; the installer looks there too. */
export const PLUGINS = ['/usr/libexec/netdata/plugins.d', '/usr/lib/netdata/plugins.d', '/usr/lib64/netdata/plugins.d'];
export const STOCK = ['/usr/lib/netdata/conf.d', '/usr/lib64/netdata/conf.d', '/usr/share/netdata/conf.d'];

/** Where the agent's program is, below its prefix: packages, static installs, and others. */
const PROGRAMS = ['/usr/sbin/netdata', '/bin/srv/netdata', '/sbin/netdata', '/usr/bin/netdata', '/bin/netdata'];

export interface Agent extends AgentDirectories {
  readonly process: AgentProcess | undefined;
  /** The plugin that it runs. */
  readonly plugin: PluginProcess | undefined;
  /** The user that its plugins run as. */
  readonly account: Account | undefined;
  /** Below which it is installed, empty for `/`; `undefined` where that is not known. */
  readonly prefix: string | undefined;
  /** Where its configuration file is, whether it is there or not; `undefined` where no agent is known. */
  readonly file: string | undefined;
  readonly settings: Ini;
  /** Whether the file is there, but this process may not read it, so that the settings say nothing. */
  readonly isFileClosed: boolean;
}

export interface AgentDirectories {
  readonly pluginDirectories: readonly string[];
  readonly userConfigDirectory: string | undefined;
  readonly stockConfigDirectory: string | undefined;
  /** Where alerts are: those of the operator and those of packages. */
  readonly healthDirectories: readonly string[];
  readonly logDirectory: string | undefined;
}

/** What an agent is looked for with. */
interface Search {
  readonly fs: CheckFileSystem;
  readonly environment: Environment;
  readonly program: string;
  readonly seen: Seen | undefined;
}

/**
 * Finds the agent that runs, else one that is installed. Of several that run, the one that starts this program. The
 * environment of the running plugin decides the directories, then that of this process.
 *
 * @param program absolute, without links.
 * @param seen what root has seen of the agent.
 */
export function findAgent(fs: CheckFileSystem, environment: Environment, program: string, seen?: Seen): Agent {
  const search: Search = { fs, environment, program, seen };
  const agents = findProcesses(fs, seen).map((process) => describeAgent(search, process));
  const [first] = agents;
  const own = agents.find(
    ({ pluginDirectories, process }) =>
      process?.isKnown === true &&
      process.isUsual === first?.process?.isUsual &&
      pluginDirectories.some((path) => realPath(fs, `${path}/${PROGRAM}`) === program),
  );
  return own ?? first ?? describeAgent(search, undefined);
}

function describeAgent({ environment, fs, program, seen }: Search, process: AgentProcess | undefined): Agent {
  // What somebody else's process says of paths and users could have others do that somebody's will.
  const known = process?.isKnown === true ? process : undefined;
  const words = known === undefined ? [] : readWords(fs, known.pid);
  const plugin = known === undefined ? undefined : pluginOf(fs, known, seen);
  const prefix = known === undefined ? findPrefix(fs, program) : prefixOf(fs, known.program ?? '');
  const given = directoriesFrom(environment, plugin);
  const file = optionOf(words) ?? below(given.userConfig ?? below(prefix, 'etc/netdata'), 'netdata.conf');
  const text = file === undefined ? undefined : readText(fs, file);
  const settings = new Ini(text ?? '');
  return {
    process,
    plugin,
    account: accountFor(fs, known),
    prefix,
    file,
    settings,
    isFileClosed: text === undefined && file !== undefined && exists(fs, file),
    ...directoriesOf(fs, given, settings, prefix),
  };
}

function pluginOf(fs: CheckFileSystem, { pid }: AgentProcess, seen: Seen | undefined): PluginProcess | undefined {
  return seen === undefined ? findPlugin(fs, pid) : seen.plugin;
}

/** The agent's directories by the environment of the running plugin, else of this process. */
function directoriesFrom(environment: Environment, plugin: PluginProcess | undefined): PluginDirectories {
  const { userConfig = environment.userConfigDir, stockConfig = environment.stockConfigDir } =
    plugin?.directories ?? {};
  return { ...plugin?.directories, userConfig, stockConfig };
}

function directoriesOf(
  fs: CheckFileSystem,
  given: PluginDirectories,
  settings: Ini,
  prefix: string | undefined,
): AgentDirectories {
  const configured = (key: string): string | undefined => settings.get('directories', key);
  const user = given.userConfig ?? configured('config') ?? below(prefix, 'etc/netdata');
  const stock = given.stockConfig ?? configured('stock config') ?? stockDirectory(fs, prefix);
  const plugins = settings.words('directories', 'plugins');
  const usual = given.plugins === undefined ? pluginDirectories(fs, prefix) : [given.plugins];
  return {
    pluginDirectories: plugins.length > 0 ? plugins : usual,
    userConfigDirectory: user,
    stockConfigDirectory: stock,
    healthDirectories: distinct([
      configured('health config') ?? below(user, 'health.d'),
      configured('stock health config') ?? below(stock, 'health.d'),
    ]),
    logDirectory: given.log ?? configured('log') ?? below(prefix, 'var/log/netdata'),
  };
}

function accountFor(fs: CheckFileSystem, known: AgentProcess | undefined): Account | undefined {
  if (known === undefined) return accountNamed(fs, NAME);
  const { status } = known;
  return accountOf(fs, status.uid, status.gid, status.groups);
}

/** The file that `-c FILE` names. */
function optionOf(words: readonly string[]): string | undefined {
  const at = words.indexOf('-c');
  const file = at < 0 ? undefined : words[at + 1];
  return file?.startsWith('/') ? file : undefined;
}

/** The prefix of the agent that the program at a path is installed in, else of one in a usual place. */
function findPrefix(fs: CheckFileSystem, program: string): string | undefined {
  const folder = dirname(program);
  const own = PLUGINS.find((path) => folder.endsWith(path));
  if (own !== undefined) return folder.slice(0, -own.length);
  return PREFIXES.find((prefix) => pluginDirectories(fs, prefix).length > 0);
}

/** The prefix of an agent, by the file that it runs. */
function prefixOf(fs: CheckFileSystem, program: string): string | undefined {
  const prefixes = PROGRAMS.filter((path) => program.endsWith(path)).map((path) => program.slice(0, -path.length));
  return prefixes.find((prefix) => pluginDirectories(fs, prefix).length > 0);
}

function pluginDirectories(fs: CheckFileSystem, prefix: string | undefined): string[] {
  if (prefix === undefined) return [];
  return PLUGINS.map((path) => `${prefix}${path}`).filter((path) => exists(fs, path));
}

/** The first that is there, else the most usual one. */
function stockDirectory(fs: CheckFileSystem, prefix: string | undefined): string | undefined {
  if (prefix === undefined) return undefined;
  const paths = STOCK.map((path) => `${prefix}${path}`);
  return paths.find((path) => exists(fs, path)) ?? `${prefix}${STOCK[0]}`;
}

function below(directory: string | undefined, name: string): string | undefined {
  return directory === undefined ? undefined : `${directory}/${name}`;
}

function distinct(paths: readonly (string | undefined)[]): string[] {
  return [...new Set(paths.filter((path) => path !== undefined))];
}

/**
 * The Netdata agent of this host: its process, and the directories that it and its plugins use, from `netdata.conf` or
 * from the usual layout of its packages.
 */

import type { Environment } from '../agent/environment.ts';
import { Ini } from '../agent/ini.ts';
import { exists } from '../procfs/file.ts';
import { type Account, accountNamed, accountOf } from './accounts.ts';
import { type AgentProcess, findAgents, findPlugin, NAME, PROGRAM } from './agent_processes.ts';
import { pluginDirectories, prefixOfPlugin, prefixOfProgram, stockDirectory } from './directories.ts';
import { type CheckFileSystem, readText, realPath } from './files.ts';
import { readArguments } from './process.ts';
import type { PluginProcess, Seen } from './seen.ts';

export interface Agent extends AgentDirectories {
  readonly process: AgentProcess | undefined;
  /** The plugin that it runs. */
  readonly plugin: PluginProcess | undefined;
  /** The user that its plugins run as. */
  readonly account: Account | undefined;
  /** Where it is installed, empty for `/`; `undefined` if unknown. */
  readonly prefix: string | undefined;
  /** Path of its configuration file, which need not exist; `undefined` if no agent is known. */
  readonly file: string | undefined;
  readonly settings: Ini;
  /** Whether the file exists but this process cannot read it, so that `settings` is empty. */
  readonly isFileClosed: boolean;
}

export interface AgentDirectories {
  readonly pluginDirectories: readonly string[];
  readonly userConfigDirectory: string | undefined;
  readonly stockConfigDirectory: string | undefined;
  /** Directories of alerts: the operator's, then those of packages. */
  readonly healthDirectories: readonly string[];
  readonly logDirectory: string | undefined;
}

interface Search {
  readonly fs: CheckFileSystem;
  readonly environment: Environment;
  readonly program: string;
  readonly seen: Seen | undefined;
}

/**
 * Finds the running agent, otherwise an installed one. Of several running agents it takes the one that starts this
 * program. The environment of the running plugin decides on the directories, then that of this process.
 *
 * @param program absolute, without links.
 * @param seen what root sees of the agent.
 */
export function findAgent(fs: CheckFileSystem, environment: Environment, program: string, seen?: Seen): Agent {
  const search: Search = { fs, environment, program, seen };
  const agents = findAgents(fs, seen).map((process) => describeAgent(search, process));
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
  // Paths and users of an unidentified process could lead other users to run what its owner wants.
  const known = process?.isKnown === true ? process : undefined;
  const plugin = known && (seen === undefined ? findPlugin(fs, known.pid) : seen.plugin);
  const prefix = known === undefined ? prefixOfPlugin(fs, program) : prefixOfProgram(fs, known.program ?? '');
  const given = directoriesFrom(environment, plugin);
  const option = known === undefined ? undefined : fileOption(readArguments(fs, known.pid));
  const file = option ?? below(given.userConfig ?? below(prefix, 'etc/netdata'), 'netdata.conf');
  const text = file === undefined ? undefined : readText(fs, file);
  const settings = new Ini(text ?? '');
  return {
    process,
    plugin,
    account: known === undefined ? accountNamed(fs, NAME) : accountOfProcess(fs, known),
    prefix,
    file,
    settings,
    isFileClosed: text === undefined && file !== undefined && exists(fs, file),
    ...directoriesOf(fs, given, settings, prefix),
  };
}

function directoriesFrom(environment: Environment, plugin: PluginProcess | undefined): PluginProcess['directories'] {
  const { userConfig = environment.userConfigDir, stockConfig = environment.stockConfigDir } =
    plugin?.directories ?? {};
  return { ...plugin?.directories, userConfig, stockConfig };
}

function directoriesOf(
  fs: CheckFileSystem,
  given: PluginProcess['directories'],
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

function accountOfProcess(fs: CheckFileSystem, { status }: AgentProcess): Account {
  return accountOf(fs, status.uid, status.gid, status.groups);
}

/** FILE of `-c FILE`. */
function fileOption(words: readonly string[]): string | undefined {
  const at = words.indexOf('-c');
  const file = at < 0 ? undefined : words[at + 1];
  return file?.startsWith('/') ? file : undefined;
}

function below(directory: string | undefined, name: string): string | undefined {
  return directory === undefined ? undefined : `${directory}/${name}`;
}

function distinct(paths: readonly (string | undefined)[]): string[] {
  return [...new Set(paths.filter((path) => path !== undefined))];
}

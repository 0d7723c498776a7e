/**
 * The Netdata agent of this host: its process, and the directories that it and its plugins use, from `netdata.conf` or
 * from the usual layout of its packages.
 */

import type { Environment } from '../agent/environment.ts';
import { Ini } from '../agent/ini.ts';
import { exists } from '../procfs/file.ts';
import { type Account, accountNamed, accountOf } from './accounts.ts';
import { type AgentProcess, findAgents, NAME, PROGRAM } from './agent_processes.ts';
import { pluginDirectories, prefixOfPlugin, prefixOfProgram, stockDirectory } from './directories.ts';
import { type CheckFileSystem, readText, realPath } from './files.ts';
import { readArguments } from './process.ts';
import type { PluginProcess, Seen } from './seen.ts';

export interface Agent {
  readonly process: AgentProcess | undefined;
  /** The user that its plugins run as. */
  readonly account: Account | undefined;
  /** Where it is installed, empty for `/`; `undefined` if unknown. */
  readonly prefix: string | undefined;
  /** Path of its configuration file, which need not exist; `undefined` if no agent is known. */
  readonly file: string | undefined;
  readonly settings: Ini;
  /** Whether the file exists but this process cannot read it, so that `settings` is empty. */
  readonly isFileClosed: boolean;
  readonly pluginDirectories: readonly string[];
  readonly userConfigDirectory: string | undefined;
  readonly stockConfigDirectory: string | undefined;
  /** Directories of alerts: the operator's, then those of packages. */
  readonly healthDirectories: readonly string[];
  readonly logDirectory: string | undefined;
}

/**
 * Finds the running agent, otherwise an installed one. Of several running agents it takes the one that starts this
 * program. The directories come from the environment of the running plugin, otherwise from that of this process.
 *
 * @param program absolute, without links.
 * @param seen what root sees of the agent.
 */
export function findAgent(fs: CheckFileSystem, environment: Environment, program: string, seen?: Seen): Agent {
  const describe = (process?: AgentProcess): Agent => {
    // Paths and users of an unidentified process could lead other users to run what its owner wants.
    const { account, option, prefix } =
      process?.isKnown === true ? runningAgent(fs, process) : installedAgent(fs, program);
    const directories = process?.plugin?.directories ?? {};
    const { userConfig = environment.userConfigDir, stockConfig = environment.stockConfigDir } = directories;
    const given = { ...directories, userConfig, stockConfig };
    const file = option ?? below(userConfig ?? usual(prefix), 'netdata.conf');
    const text = file && readText(fs, file);
    const isFileClosed = text === undefined && file !== undefined && exists(fs, file);
    const settings = new Ini(text ?? '');
    return {
      process,
      account,
      prefix,
      file,
      settings,
      isFileClosed,
      ...directoriesOf(fs, given, settings, prefix),
    };
  };
  const agents = findAgents(fs, seen).map(describe);
  const [first] = agents;
  const own = agents.find(
    ({ pluginDirectories, process }) =>
      process?.isKnown === true &&
      process.isUsual === first?.process?.isUsual &&
      pluginDirectories.some((path) => realPath(fs, `${path}/${PROGRAM}`) === program),
  );
  return own ?? first ?? describe();
}

function runningAgent(fs: CheckFileSystem, { pid, program = '', status }: AgentProcess) {
  const option = fileOption(readArguments(fs, pid));
  return { account: accountOf(fs, status), option, prefix: prefixOfProgram(fs, program) };
}

function installedAgent(fs: CheckFileSystem, program: string) {
  return { account: accountNamed(fs, NAME), option: undefined, prefix: prefixOfPlugin(fs, program) };
}

/** @param given directories from an environment, which precede the settings. */
function directoriesOf(
  fs: CheckFileSystem,
  given: PluginProcess['directories'],
  settings: Ini,
  prefix: string | undefined,
) {
  const configured = (key: string): string | undefined => settings.get('directories', key);
  const user = given.userConfig ?? configured('config') ?? usual(prefix);
  const stock = given.stockConfig ?? configured('stock config') ?? stockDirectory(fs, prefix);
  const plugins = settings.words('directories', 'plugins');
  const installed = given.plugins === undefined ? pluginDirectories(fs, prefix) : [given.plugins];
  const health = [
    configured('health config') ?? below(user, 'health.d'),
    configured('stock health config') ?? below(stock, 'health.d'),
  ];
  return {
    pluginDirectories: plugins.length > 0 ? plugins : installed,
    userConfigDirectory: user,
    stockConfigDirectory: stock,
    healthDirectories: [...new Set(health.filter((path) => path !== undefined))],
    logDirectory: given.log ?? configured('log') ?? below(prefix, 'var/log/netdata'),
  };
}

/** The usual configuration directory below a prefix. */
function usual(prefix: string | undefined): string | undefined {
  return below(prefix, 'etc/netdata');
}

/** FILE of an agent's option `-c FILE`. */
function fileOption(words: readonly string[]): string | undefined {
  const [, file] = /\0-c\0(\/[^\0]*)/.exec(words.join('\0')) ?? [];
  return file;
}

function below(directory: string | undefined, name: string): string | undefined {
  return directory === undefined ? undefined : `${directory}/${name}`;
}

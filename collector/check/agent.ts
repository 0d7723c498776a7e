/**
 * The Netdata agent of this host: its process, and the directories that it and its plugins use, as `netdata.conf` says
 * or as the agent's packages lay them out.
 */

import type { Environment } from '../environment.ts';
import { Ini } from '../ini.ts';
import { exists } from '../procfs/file.ts';
import { type Account, accountNamed, accountOf } from './accounts.ts';
import { type AgentProcess, findProcess, NAME } from './agent_process.ts';
import { type CheckFileSystem, readText } from './files.ts';
import { readWords } from './process.ts';
import type { Seen } from './seen.ts';

/** Where a native or distribution package and a static install put everything below. */
export const PREFIXES = ['', '/opt/netdata'] as const;
/** Where plugins and the stock configuration are, below a prefix; the installer looks there too. */
export const PLUGINS = ['/usr/libexec/netdata/plugins.d', '/usr/lib/netdata/plugins.d', '/usr/lib64/netdata/plugins.d'];
export const STOCK = ['/usr/lib/netdata/conf.d', '/usr/lib64/netdata/conf.d', '/usr/share/netdata/conf.d'];

export interface Agent {
  readonly process: AgentProcess | undefined;
  /** The user that its plugins run as. */
  readonly account: Account | undefined;
  /** Where its configuration file is, whether it is there or not; `undefined` where no agent is known. */
  readonly file: string | undefined;
  readonly settings: Ini;
  /** Whether the file is there, but this process may not read it, so that the settings say nothing. */
  readonly isFileClosed: boolean;
  readonly pluginDirectories: readonly string[];
  readonly userConfigDirectory: string | undefined;
  readonly stockConfigDirectory: string | undefined;
  /** Where alerts are: those of the operator and those of packages. */
  readonly healthDirectories: readonly string[];
}

/**
 * Finds the agent that runs, else one that is installed. What the agent's environment variables say holds.
 *
 * @param seen what root has seen of it.
 */
export function findAgent(fs: CheckFileSystem, environment: Environment, seen?: Seen): Agent {
  const process = findProcess(fs, seen);
  // What somebody else's process says of paths and users could have others do that somebody's will.
  const known = process?.isKnown === true ? process : undefined;
  const words = known === undefined ? [] : readWords(fs, known.pid);
  const prefix = findPrefix(fs, words);
  const layout = prefix === undefined ? undefined : `${prefix}/etc/netdata`;
  const user = environment.userConfigDir ?? layout;
  const file = optionOf(words) ?? (user === undefined ? undefined : `${user}/netdata.conf`);
  const text = file === undefined ? undefined : readText(fs, file);
  const settings = new Ini(text ?? '');
  const directory = (key: string): string | undefined => settings.get('directories', key);

  const userConfigDirectory = environment.userConfigDir ?? directory('config') ?? layout;
  const stockConfigDirectory =
    environment.stockConfigDir ??
    directory('stock config') ??
    (prefix === undefined ? undefined : stockDirectory(fs, prefix));
  const configured = settings.words('directories', 'plugins');
  return {
    process,
    account: accountFor(fs, known),
    file,
    settings,
    isFileClosed: text === undefined && file !== undefined && exists(fs, file),
    pluginDirectories: configured.length > 0 ? configured : pluginDirectories(fs, prefix),
    userConfigDirectory,
    stockConfigDirectory,
    healthDirectories: distinct([
      directory('health config') ?? below(userConfigDirectory, 'health.d'),
      directory('stock health config') ?? below(stockConfigDirectory, 'health.d'),
    ]),
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

function findPrefix(fs: CheckFileSystem, [program = '']: readonly string[]): string | undefined {
  const own = PREFIXES.find((prefix) => prefix !== '' && program.startsWith(`${prefix}/`));
  return own ?? PREFIXES.find((prefix) => pluginDirectories(fs, prefix).length > 0);
}

function pluginDirectories(fs: CheckFileSystem, prefix: string | undefined): string[] {
  if (prefix === undefined) return [];
  return PLUGINS.map((path) => `${prefix}${path}`).filter((path) => exists(fs, path));
}

/** The first that is there, else the most usual one. */
function stockDirectory(fs: CheckFileSystem, prefix: string): string {
  const paths = STOCK.map((path) => `${prefix}${path}`);
  return paths.find((path) => exists(fs, path)) ?? `${prefix}${STOCK[0]}`;
}

function below(directory: string | undefined, name: string): string | undefined {
  return directory === undefined ? undefined : `${directory}/${name}`;
}

function distinct(paths: readonly (string | undefined)[]): string[] {
  return [...new Set(paths.filter((path) => path !== undefined))];
}

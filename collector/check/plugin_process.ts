/**
 * The process of the plugin that an agent runs. It is the agent's child, or since 2.0 that of a helper of the agent, and
 * runs the program itself or Node.js with the script.
 */

import { basename } from 'node:path';

import type { CheckFileSystem } from './files.ts';
import { pidsOf, readStatus, readVariables, readWords } from './process.ts';

/** The name of its file in a plugin directory. */
export const PROGRAM = 'conntrack.plugin';
/** No agent is so far above its plugins. */
const MOST_ANCESTORS = 8;

export interface PluginProcess {
  readonly pid: number;
  /** `--config FILE`, which the agent's own configuration can add. */
  readonly config?: string | undefined;
  /** The agent's directories, from the environment of the process; empty where that may not be read. */
  readonly directories: PluginDirectories;
}

export interface PluginDirectories {
  readonly userConfig?: string | undefined;
  readonly stockConfig?: string | undefined;
  readonly plugins?: string | undefined;
  readonly log?: string | undefined;
}

/** The plugin below an agent; `undefined` when none runs. */
export function findPlugin(fs: CheckFileSystem, agent: number): PluginProcess | undefined {
  for (const pid of pidsOf(fs)) {
    const words = readWords(fs, pid);
    // Before it are at most Node.js and its options.
    const at = words.findIndex((word) => basename(word) === PROGRAM);
    const isStarted = words.slice(0, at).every((word, before) => before === 0 || word.startsWith('-'));
    if (at < 0 || !isStarted || !isBelow(fs, pid, agent)) continue;
    return { pid, config: configOf(words.slice(at + 1)), directories: directoriesOf(fs, pid) };
  }
  return undefined;
}

function isBelow(fs: CheckFileSystem, pid: number, agent: number): boolean {
  let at: number | undefined = pid;
  for (let steps = 0; at !== undefined && steps < MOST_ANCESTORS; steps++) {
    at = readStatus(fs, at)?.parent;
    if (at === agent) return true;
  }
  return false;
}

function configOf(words: readonly string[]): string | undefined {
  for (const [at, word] of words.entries()) {
    if (word === '--config') return words[at + 1];
    if (word.startsWith('--config=')) return word.slice('--config='.length);
  }
  return undefined;
}

function directoriesOf(fs: CheckFileSystem, pid: number): PluginDirectories {
  const variables = readVariables(fs, pid);
  const directory = (name: string): string | undefined => {
    const value = variables.get(`NETDATA_${name}_DIR`);
    return value?.startsWith('/') ? value : undefined;
  };
  return {
    userConfig: directory('USER_CONFIG'),
    stockConfig: directory('STOCK_CONFIG'),
    plugins: directory('PLUGINS'),
    log: directory('LOG'),
  };
}

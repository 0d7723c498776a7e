/**
 * The processes of agents and of their plugins. Any user can start a process named netdata, so an agent is identified by
 * its executable, which only root may have been able to put there.
 */

import { basename, dirname } from 'node:path';

import { trustedFolder } from '../netlink/trusted.ts';
import { accountNamed } from './accounts.ts';
import { attempt, type CheckFileSystem, readLink, readText } from './files.ts';
import {
  isOfService,
  type ProcessStatus,
  pidsOf,
  readArguments,
  readDirectories,
  readStart,
  readStatus,
} from './process.ts';
import type { PluginProcess, Seen } from './seen.ts';

/** Name of the agent's program and of its usual user. */
export const NAME = 'netdata';
/** File name of the plugin in a plugin directory. */
export const PROGRAM = 'conntrack.plugin';

const WRITABLE_BY_OTHERS = 0o022;
/** A plugin has fewer ancestors up to its agent. */
const MOST_ANCESTORS = 8;

export interface AgentProcess {
  readonly pid: number;
  readonly status: ProcessStatus;
  /** Whether it is certainly an agent; otherwise only its name is known. */
  readonly isKnown: boolean;
  /** The file that it runs, if known. */
  readonly program: string | undefined;
  /** Its network namespace, such as `net:[4026531840]`, if known. */
  readonly network: string | undefined;
  /** The plugin that it runs. */
  readonly plugin: PluginProcess | undefined;
  /** Whether it belongs to the system service `netdata`. */
  readonly isService: boolean;
  /** Whether it runs as root or as the user netdata; any other user can start the same program. */
  readonly isUsual: boolean;
}

/**
 * The running agents that are not children of another one, likeliest first: identified ones, then those of root or the
 * user netdata, then the oldest.
 */
export function findAgents(fs: CheckFileSystem, seen: Seen | undefined): readonly AgentProcess[] {
  const usual = accountNamed(fs, NAME)?.uid;
  const found = pidsOf(fs).flatMap((pid) => {
    if (readText(fs, `/proc/${pid}/comm`)?.trim() !== NAME) return [];
    const status = readStatus(fs, pid);
    const isAgent = seen === undefined ? runsTrustedProgram(fs, pid) : seen.pid === pid;
    // An agent in a container has its own files and users, and is checked from inside.
    if (status === undefined || status.isContained || isAgent === false) return [];
    const isKnown = isAgent === true;
    const { network, plugin, program } = isKnown ? (seen ?? readPrivate(fs, pid)) : {};
    const isService = isOfService(fs, pid);
    const isUsual = status.uid === 0 || status.uid === usual;
    return [{ pid, status, isKnown, program, network, plugin, isService, isUsual, start: readStart(fs, pid) }];
  });
  const pids = new Set(found.map(({ pid }) => pid));
  return found
    .filter(({ status }) => !pids.has(status.parent))
    .sort(
      (one, other) =>
        Number(other.isKnown) - Number(one.isKnown) ||
        Number(other.isUsual) - Number(one.isUsual) ||
        one.start - other.start,
    );
}

/** What only root and the user of a process can see of it. */
function readPrivate(fs: CheckFileSystem, pid: number): Seen {
  return { program: programOf(fs, pid), network: readLink(fs, `/proc/${pid}/ns/net`), plugin: findPlugin(fs, pid) };
}

/** The file that a process runs, even if it has been replaced since; `undefined` without permission. */
function programOf(fs: CheckFileSystem, pid: number): string | undefined {
  return readLink(fs, `/proc/${pid}/exe`)?.replace(/ \(deleted\)$/, '');
}

/**
 * Whether a process of this host runs a program named netdata that only root can change; `undefined` without permission
 * to see it.
 */
function runsTrustedProgram(fs: CheckFileSystem, pid: number): boolean | undefined {
  const program = programOf(fs, pid);
  if (program === undefined) return undefined;
  if (basename(program) !== NAME) return false;
  const isTrusted = attempt(() => {
    const { mode, uid } = fs.statSync(`/proc/${pid}/exe`);
    trustedFolder(fs, dirname(program));
    // In a container it has another root directory.
    const [its, own] = [fs.statSync(`/proc/${pid}/root`), fs.statSync('/')];
    const isSameRoot = its.dev === own.dev && its.ino === own.ino;
    return Number(uid) === 0 && (Number(mode) & WRITABLE_BY_OTHERS) === 0 && isSameRoot;
  });
  return isTrusted ?? false;
}

/**
 * The plugin's process below an agent: its child, or since 2.0 the child of a helper process. It runs the program itself,
 * or Node.js with the script.
 */
function findPlugin(fs: CheckFileSystem, agent: number): PluginProcess | undefined {
  for (const pid of pidsOf(fs)) {
    const words = readArguments(fs, pid);
    // Only Node.js and its options can come before it.
    const at = words.findIndex((word) => basename(word) === PROGRAM);
    const isStarted = words.slice(0, at).every((word, before) => before === 0 || word.startsWith('-'));
    if (at < 0 || !isStarted || !isBelow(fs, pid, agent)) continue;
    const [, config] = /\0--config[=\0]([^\0]*)/.exec(words.slice(at).join('\0')) ?? [];
    const directories = readDirectories(fs, pid);
    return {
      pid,
      config,
      directories: {
        userConfig: directories.get('USER_CONFIG'),
        stockConfig: directories.get('STOCK_CONFIG'),
        plugins: directories.get('PLUGINS'),
        log: directories.get('LOG'),
      },
    };
  }
  return undefined;
}

function isBelow(fs: CheckFileSystem, pid: number, agent: number): boolean {
  let parent = readStatus(fs, pid)?.parent;
  for (let steps = 1; parent !== undefined && parent !== agent && steps < MOST_ANCESTORS; steps++) {
    parent = readStatus(fs, parent)?.parent;
  }
  return parent === agent;
}

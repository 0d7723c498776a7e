/** How the program stands in the agent: whether that runs, starts this program, and draws the same itself. */

import { dirname } from 'node:path';

import { chooseContexts, isBuiltinOn, readBuiltin } from '../agent/builtin.ts';
import type { Config } from '../config/schema.ts';
import { trustedFolder } from '../netlink/trusted.ts';
import { exists } from '../procfs/file.ts';
import { userName } from './accounts.ts';
import { type Agent, PREFIXES } from './agent.ts';
import { attempt, type CheckFileSystem, readLink, readRegular, realPath } from './files.ts';
import { judgePlugin, pluginOf } from './plugin_life.ts';
import { PROGRAM } from './plugin_process.ts';
import { startedAt } from './process.ts';
import { type Places, type PlainRemedy, remedy } from './remedies.ts';
import type { AgentSection, BuiltinSection, Finding, Remedy } from './report.ts';
import type { Seen } from './seen.ts';

const ALERTS = 'conntrack.conf';
/** It edits the `netdata.conf` of an agent below a prefix. */
const SETUP = 'conntrack-setup';

/** What it means that the built-in collector is on: a code and a text, by the contexts of the plugin. */
const DOUBLED = {
  netfilter: [
    'doubled_values',
    "Netdata's built-in collector draws in the same contexts, netfilter.conntrack_*: the agent adds up or averages both",
  ],
  conntrack: ['duplicate_charts', "Netdata's built-in collector draws six of the plugin's charts too"],
} as const;

export interface Environs {
  readonly fs: CheckFileSystem;
  readonly agent: Agent;
  /** The program that was run, absolute and without links. */
  readonly program: string;
  /** The user of this process. */
  readonly uid: number;
  /** What root has seen of the agent. */
  readonly seen: Seen | undefined;
  /** Seconds since the epoch. */
  readonly now: number;
  /** Whether the configuration leaves the plugin nothing to do, so that it ends itself. */
  readonly isIdle: boolean;
  readonly places: Places;
}

export function judgeAgent(environs: Environs): AgentSection {
  const { agent, fs, program } = environs;
  const own = agent.pluginDirectories.find((path) => realPath(fs, path) === dirname(program));
  const state = stateOf(agent);
  return {
    state,
    pid: agent.process?.pid,
    since: agent.process === undefined ? undefined : startedAt(fs, agent.process.pid),
    user: userOf(environs, state),
    plugin: pluginOf(environs),
    plugin_directory: own ?? agent.pluginDirectories[0],
    user_config_directory: agent.userConfigDirectory,
    stock_config_directory: agent.stockConfigDirectory,
    findings: [...life(environs, state), ...start(environs, own), ...networkNamespace(environs), ...alerts(environs)],
  };
}

/**
 * What the agent's own collector of connection tracking does, and which contexts that leaves to the plugin.
 *
 * @param asked what the plugin's configuration says of contexts.
 */
export function judgeBuiltin(environs: Environs, asked: Config['contexts']): BuiltinSection {
  const { agent, fs, places } = environs;
  if (!isKnown(agent)) return { findings: [] };
  const charts = agent.isFileClosed ? undefined : isBuiltinOn(agent.settings);
  // The plugin sees another file where the agent was started with `-c FILE`.
  const seen = readBuiltin({ readFileSync: (path) => readRegular(fs, path) }, agent.userConfigDirectory);
  const { contexts, reason: contexts_reason } = chooseContexts(asked, seen);
  const section = { charts, contexts, contexts_reason };
  if (charts !== true) return { ...section, findings: [] };
  const canSetUp = exists(fs, `${places.folder}/${SETUP}`) && agent.file === `${agent.prefix}/etc/netdata/netdata.conf`;
  const setUp = agent.prefix === '' ? 'turn_off_builtin_package' : 'turn_off_builtin_below';
  const name = canSetUp ? setUp : 'turn_off_builtin_script';
  const [code, text] = DOUBLED[contexts];
  return { ...section, findings: [hint(environs, code, text, name)] };
}

function stateOf(agent: Agent): AgentSection['state'] {
  if (agent.process !== undefined) return agent.process.isKnown ? 'running' : 'unverified';
  return isInstalled(agent) ? 'installed' : 'not_found';
}

function isInstalled({ pluginDirectories }: Agent): boolean {
  return pluginDirectories.length > 0;
}

function isKnown(agent: Agent): boolean {
  return agent.process !== undefined || isInstalled(agent);
}

/** The user of the process that is shown, else the one that plugins would run as. */
function userOf({ agent, fs }: Environs, state: AgentSection['state']): string | undefined {
  if (agent.process !== undefined) return userName(fs, agent.process.status.uid);
  return state === 'installed' ? agent.account?.user : undefined;
}

function life(environs: Environs, state: AgentSection['state']): Finding[] {
  const { places, uid } = environs;
  if (state === 'unverified') {
    const text = 'what that process runs may not be seen, so nothing is taken from it';
    // Root that may not see it can only be told.
    const fix = uid === 0 ? undefined : remedy('check_as_root', places);
    return [{ severity: 'note', code: 'unverified', text, remedy: fix }];
  }
  if (state === 'installed') {
    const name = PREFIXES.some((prefix) => prefix === environs.agent.prefix) ? 'start_agent' : 'start_agent_below';
    return [hint(environs, 'not_running', 'the agent does not run', name)];
  }
  if (state === 'not_found') return [hint(environs, 'not_found', 'no Netdata agent was found here')];
  return [];
}

/** Whether the agent starts the program, and this one. */
function start(environs: Environs, own: string | undefined): Finding[] {
  const { agent, fs, places, program } = environs;
  if (!isKnown(agent)) return [];
  const isNewOn = agent.settings.isOn('plugins', 'enable running new plugins');
  if (!agent.settings.isOn('plugins', 'conntrack', isNewOn)) {
    const text = 'netdata.conf turns the plugin off';
    return [{ severity: 'fault', code: 'turned_off', text, remedy: remedy('turn_plugin_on', places) }];
  }
  const installed = installedProgram(fs, agent);
  if (own === undefined && installed === undefined) {
    const text = `the agent does not start the plugin: ${PROGRAM} is not in its plugin directory`;
    const name = PREFIXES.some((prefix) => prefix === agent.prefix) ? 'install_plugin' : 'install_plugin_below';
    return [hint(environs, 'not_installed', text, name)];
  }
  const running = judgePlugin(environs, installed ?? program);
  if (own !== undefined || installed === undefined || realPath(fs, installed) === program) return running;
  const text = `the agent starts another program: ${installed}`;
  return [{ severity: 'hint', code: 'other_program', text, remedy: checkInstalled(fs, installed) }, ...running];
}

/** Checks the program that the agent starts; no remedy where a user other than root can replace it. */
export function checkInstalled(fs: CheckFileSystem, installed: string): Remedy | undefined {
  const isTrusted = attempt(() => trustedFolder(fs, dirname(installed))) !== undefined;
  return isTrusted ? remedy('check_installed', { installed }) : undefined;
}

/** The program that the agent starts. */
export function installedProgram(fs: CheckFileSystem, { pluginDirectories }: Agent): string | undefined {
  return pluginDirectories.map((path) => `${path}/${PROGRAM}`).find((path) => exists(fs, path));
}

/** Whether the agent sees the same connections, where that may be read. */
function networkNamespace(environs: Environs): Finding[] {
  const { agent, fs, seen } = environs;
  if (agent.process?.isKnown !== true) return [];
  const its = seen?.network ?? readLink(fs, `/proc/${agent.process.pid}/ns/net`);
  const own = readLink(fs, '/proc/self/ns/net');
  if (its === undefined || own === undefined || its === own) return [];
  const text = 'the agent lives in another network namespace and shows the connections of that one';
  const fix = remedy('check_in_namespace', { ...environs.places, pid: String(agent.process.pid) });
  return [{ severity: 'hint', code: 'elsewhere', text, remedy: fix }];
}

function alerts({ agent, fs }: Environs): Finding[] {
  const [folder] = agent.healthDirectories;
  if (!isKnown(agent) || folder === undefined) return [];
  if (agent.healthDirectories.some((path) => exists(fs, `${path}/${ALERTS}`))) return [];
  const text = `there are no alerts: ${ALERTS} is not in ${agent.healthDirectories.join(' or ')}`;
  return [{ severity: 'hint', code: 'no_alerts', text, remedy: remedy('install_alerts', { alerts: folder }) }];
}

function hint({ places }: Environs, code: string, text: string, name?: PlainRemedy): Finding {
  return { severity: 'hint', code, text, remedy: name === undefined ? undefined : remedy(name, places) };
}

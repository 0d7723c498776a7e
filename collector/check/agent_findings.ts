/** What the report says of the agent: whether it runs and starts this program, and whether it draws the same charts. */

import { dirname } from 'node:path';

import { chooseContexts, isBuiltinOn, readBuiltin } from '../agent/builtin.ts';
import type { Config } from '../config/schema.ts';
import { trustedFolder } from '../netlink/trusted.ts';
import { exists } from '../procfs/file.ts';
import { userName } from './accounts.ts';
import type { Agent } from './agent.ts';
import { PROGRAM } from './agent_processes.ts';
import { PREFIXES } from './directories.ts';
import { attempt, type CheckFileSystem, readLink, readRegular, realPath } from './files.ts';
import { judgePlugin, pluginOf } from './plugin_life.ts';
import { startedAt } from './process.ts';
import { type Places, type PlainRemedy, remedy } from './remedies.ts';
import type { AgentSection, BuiltinSection, Finding, Remedy } from './report.ts';
import type { Seen } from './seen.ts';

const ALERTS = 'conntrack.conf';
/** The script that edits the agent's `netdata.conf`. */
const SETUP = 'conntrack-setup';

/** Code and text of the finding that the built-in collector is on, by the plugin's contexts. */
const DUPLICATES = {
  netfilter: [
    'doubled_values',
    "Netdata's built-in collector uses the same contexts, netfilter.conntrack_*: the agent sums or averages both",
  ],
  conntrack: ['duplicate_charts', "Netdata's built-in collector draws six of the same charts"],
} as const;

export interface AgentFacts {
  readonly fs: CheckFileSystem;
  readonly agent: Agent;
  /** The program that was started, absolute and without links. */
  readonly program: string;
  /** The user of this process. */
  readonly uid: number;
  /** What root sees of the agent. */
  readonly seen: Seen | undefined;
  /** Seconds since the epoch. */
  readonly now: number;
  /** Whether the configuration disables every module, so that the plugin exits. */
  readonly isIdle: boolean;
  readonly places: Places;
}

export function judgeAgent(facts: AgentFacts): AgentSection {
  const { agent, fs, program } = facts;
  const own = agent.pluginDirectories.find((path) => realPath(fs, path) === dirname(program));
  const state = stateOf(agent);
  return {
    state,
    pid: agent.process?.pid,
    since: agent.process === undefined ? undefined : startedAt(fs, agent.process.pid),
    user: userOf(facts, state),
    plugin: pluginOf(facts),
    plugin_directory: own ?? agent.pluginDirectories[0],
    user_config_directory: agent.userConfigDirectory,
    stock_config_directory: agent.stockConfigDirectory,
    findings: [...judgeState(facts, state), ...judgeStart(facts, own), ...judgeNetwork(facts), ...judgeAlerts(facts)],
  };
}

/**
 * Whether the agent's own collector of connection tracking is on, and which contexts that leaves to the plugin.
 *
 * @param asked the option `contexts` of the plugin's configuration.
 */
export function judgeBuiltin(facts: AgentFacts, asked: Config['contexts']): BuiltinSection {
  const { agent, fs, places } = facts;
  if (!isKnown(agent)) return { findings: [] };
  const charts = agent.isFileClosed ? undefined : isBuiltinOn(agent.settings);
  // The plugin reads a different file if the agent was started with `-c FILE`.
  const seen = readBuiltin({ readFileSync: (path) => readRegular(fs, path) }, agent.userConfigDirectory);
  const { contexts, reason: contexts_reason } = chooseContexts(asked, seen);
  const section = { charts, contexts, contexts_reason };
  if (charts !== true) return { ...section, findings: [] };
  const canSetUp = exists(fs, `${places.folder}/${SETUP}`) && agent.file === `${agent.prefix}/etc/netdata/netdata.conf`;
  const setUp = agent.prefix === '' ? 'turn_off_builtin_package' : 'turn_off_builtin_below';
  const name = canSetUp ? setUp : 'turn_off_builtin_script';
  const [code, text] = DUPLICATES[contexts];
  return { ...section, findings: [hint(facts, code, text, name)] };
}

function stateOf(agent: Agent): AgentSection['state'] {
  if (agent.process !== undefined) return agent.process.isKnown ? 'running' : 'unverified';
  return isKnown(agent) ? 'installed' : 'not_found';
}

/** Whether there is an agent, running or installed. */
function isKnown({ pluginDirectories, process }: Agent): boolean {
  return process !== undefined || pluginDirectories.length > 0;
}

/** The user of the running process, otherwise the one that plugins would run as. */
function userOf({ agent, fs }: AgentFacts, state: AgentSection['state']): string | undefined {
  if (agent.process !== undefined) return userName(fs, agent.process.status.uid);
  return state === 'installed' ? agent.account?.user : undefined;
}

function judgeState(facts: AgentFacts, state: AgentSection['state']): Finding[] {
  const { places, uid } = facts;
  if (state === 'unverified') {
    const text = 'no permission to see which program that process runs, so its settings are ignored';
    // If even root has no permission, there is nothing to do.
    const fix = uid === 0 ? undefined : remedy('check_as_root', places);
    return [{ severity: 'note', code: 'unverified', text, remedy: fix }];
  }
  if (state === 'installed') {
    const name = PREFIXES.some((prefix) => prefix === facts.agent.prefix) ? 'start_agent' : 'start_agent_below';
    return [hint(facts, 'not_running', 'the agent is not running', name)];
  }
  return state === 'not_found' ? [hint(facts, 'not_found', 'no Netdata agent found')] : [];
}

/** Whether the agent starts the plugin, and from this file. */
function judgeStart(facts: AgentFacts, own: string | undefined): Finding[] {
  const { agent, fs, places, program } = facts;
  if (!isKnown(agent)) return [];
  const isNewOn = agent.settings.isOn('plugins', 'enable running new plugins');
  if (!agent.settings.isOn('plugins', 'conntrack', isNewOn)) {
    const text = 'the plugin is disabled in netdata.conf';
    return [{ severity: 'fault', code: 'turned_off', text, remedy: remedy('turn_plugin_on', places) }];
  }
  const installed = installedProgram(fs, agent);
  if (own === undefined && installed === undefined) {
    const text = `the plugin is not installed: ${PROGRAM} is not in the agent's plugin directory`;
    const name = PREFIXES.some((prefix) => prefix === agent.prefix) ? 'install_plugin' : 'install_plugin_below';
    return [hint(facts, 'not_installed', text, name)];
  }
  const running = judgePlugin(facts, installed ?? program);
  if (own !== undefined || installed === undefined || realPath(fs, installed) === program) return running;
  const text = `the agent starts a different program: ${installed}`;
  return [{ severity: 'hint', code: 'other_program', text, remedy: checkInstalled(fs, installed) }, ...running];
}

/** Checks the program that the agent starts; no remedy if a user other than root can replace it. */
export function checkInstalled(fs: CheckFileSystem, installed: string): Remedy | undefined {
  const isTrusted = attempt(() => trustedFolder(fs, dirname(installed))) !== undefined;
  return isTrusted ? remedy('check_installed', { installed }) : undefined;
}

/** The program that the agent starts. */
export function installedProgram(fs: CheckFileSystem, { pluginDirectories }: Agent): string | undefined {
  return pluginDirectories.map((path) => `${path}/${PROGRAM}`).find((path) => exists(fs, path));
}

/** Whether the agent is in the same network namespace, if that can be seen. */
function judgeNetwork({ agent, fs, places, seen }: AgentFacts): Finding[] {
  if (agent.process?.isKnown !== true) return [];
  const its = seen?.network ?? readLink(fs, `/proc/${agent.process.pid}/ns/net`);
  const own = readLink(fs, '/proc/self/ns/net');
  if (its === undefined || own === undefined || its === own) return [];
  const text = 'the agent is in another network namespace and shows the connections of that one';
  const fix = remedy('check_in_namespace', { ...places, pid: String(agent.process.pid) });
  return [{ severity: 'hint', code: 'elsewhere', text, remedy: fix }];
}

function judgeAlerts({ agent, fs }: AgentFacts): Finding[] {
  const [folder] = agent.healthDirectories;
  if (!isKnown(agent) || folder === undefined) return [];
  if (agent.healthDirectories.some((path) => exists(fs, `${path}/${ALERTS}`))) return [];
  const text = `no alerts: ${ALERTS} is not in ${agent.healthDirectories.join(' or ')}`;
  return [{ severity: 'hint', code: 'no_alerts', text, remedy: remedy('install_alerts', { alerts: folder }) }];
}

function hint({ places }: AgentFacts, code: string, text: string, name?: PlainRemedy): Finding {
  return { severity: 'hint', code, text, remedy: name === undefined ? undefined : remedy(name, places) };
}

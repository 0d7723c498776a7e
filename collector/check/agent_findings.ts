/** What the report says of the agent: whether it runs, starts this program and has its alerts. */

import { dirname } from 'node:path';

import { trustedFolder } from '../netlink/trusted.ts';
import { exists } from '../procfs/file.ts';
import { userName } from './accounts.ts';
import type { Agent } from './agent.ts';
import { PROGRAM } from './agent_processes.ts';
import { PREFIXES } from './directories.ts';
import { attempt, type CheckFileSystem, readLink, realPath } from './files.ts';
import { judgePlugin, pluginOf } from './plugin_life.ts';
import { startedAt } from './process.ts';
import { type Places, remedy } from './remedy.ts';
import { type AgentSection, type Finding, fault, hint, note, type Remedy } from './report.ts';

const ALERTS = 'conntrack.conf';

export interface AgentFacts {
  readonly fs: CheckFileSystem;
  readonly agent: Agent;
  /** The user of this process. */
  readonly uid: number;
  /** Seconds since the epoch. */
  readonly now: number;
  /** Whether the configuration disables every module, so that the plugin exits. */
  readonly isIdle: boolean;
  readonly places: Places;
}

export function judgeAgent(facts: AgentFacts): AgentSection {
  const { agent, fs, places } = facts;
  const { pid, status } = agent.process ?? {};
  const own = agent.pluginDirectories.find((path) => realPath(fs, path) === places.folder);
  const state = stateOf(agent);
  return {
    state,
    pid,
    since: pid === undefined ? undefined : startedAt(fs, pid),
    // Of an agent that is not running, the user that plugins would run as.
    user: status === undefined ? (state === 'installed' ? agent.account?.user : undefined) : userName(fs, status.uid),
    plugin: pluginOf(facts),
    plugin_directory: own ?? agent.pluginDirectories[0],
    user_config_directory: agent.userConfigDirectory,
    stock_config_directory: agent.stockConfigDirectory,
    findings: [...judgeState(facts, state), ...judgeStart(facts, own), ...judgeNetwork(facts), ...judgeAlerts(facts)],
  };
}

export function stateOf({ pluginDirectories, process }: Agent): AgentSection['state'] {
  if (process !== undefined) return process.isKnown ? 'running' : 'unverified';
  return pluginDirectories.length > 0 ? 'installed' : 'not_found';
}

/** Whether the agent is where packages or static installs put it. */
function isInUsualPlace({ prefix }: Agent): boolean {
  return PREFIXES.some((usual) => usual === prefix);
}

function judgeState({ agent, places, uid }: AgentFacts, state: AgentSection['state']): Finding[] {
  if (state === 'unverified') {
    const text = 'no permission to see which program that process runs, so its settings are ignored';
    // If even root has no permission, there is nothing to do.
    return [note('unverified', text, uid === 0 ? undefined : remedy('check_as_root', places))];
  }
  if (state === 'installed') {
    const start = remedy(isInUsualPlace(agent) ? 'start_agent' : 'start_agent_below', places);
    return [hint('not_running', 'the agent is not running', start)];
  }
  return state === 'not_found' ? [hint('not_found', 'no Netdata agent found')] : [];
}

/** Whether the agent starts the plugin, and from this file. */
function judgeStart(facts: AgentFacts, own: string | undefined): Finding[] {
  const { agent, fs, places } = facts;
  if (stateOf(agent) === 'not_found') return [];
  const isNewOn = agent.settings.isOn('plugins', 'enable running new plugins');
  if (!agent.settings.isOn('plugins', 'conntrack', isNewOn)) {
    return [fault('turned_off', 'the plugin is disabled in netdata.conf', remedy('turn_plugin_on', places))];
  }
  const installed = installedProgram(fs, agent);
  if (own === undefined && installed === undefined) {
    const text = `the plugin is not installed: ${PROGRAM} is not in the agent's plugin directory`;
    return [
      hint('not_installed', text, remedy(isInUsualPlace(agent) ? 'install_plugin' : 'install_plugin_below', places)),
    ];
  }
  const running = judgePlugin(facts, installed ?? places.program);
  if (own !== undefined || installed === undefined || realPath(fs, installed) === places.program) return running;
  const text = `the agent starts a different program: ${installed}`;
  return [hint('other_program', text, checkInstalled(fs, installed)), ...running];
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
function judgeNetwork({ agent, fs, places }: AgentFacts): Finding[] {
  const { network, pid } = agent.process ?? {};
  const own = readLink(fs, '/proc/self/ns/net');
  if (network === undefined || own === undefined || network === own) return [];
  const text = 'the agent is in another network namespace and shows the connections of that one';
  return [hint('elsewhere', text, remedy('check_in_namespace', { ...places, pid: String(pid) }))];
}

function judgeAlerts({ agent, fs }: AgentFacts): Finding[] {
  const [folder] = agent.healthDirectories;
  if (stateOf(agent) === 'not_found' || folder === undefined) return [];
  if (agent.healthDirectories.some((path) => exists(fs, `${path}/${ALERTS}`))) return [];
  const text = `no alerts: ${ALERTS} is not in ${agent.healthDirectories.join(' or ')}`;
  return [hint('no_alerts', text, remedy('install_alerts', { alerts: folder }))];
}

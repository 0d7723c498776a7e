/** Whether the agent that runs also runs the plugin, and what its log says where it does not. */

import { lastExit, logName } from './agent_log.ts';
import type { Environs } from './environs.ts';
import { attempt } from './files.ts';
import { startedAt } from './process.ts';
import { remedy } from './remedies.ts';
import type { AgentSection, Finding } from './report.ts';

/** Seconds between two looks of the agent for new plugins, where its configuration says nothing else. */
const SCAN = 60;
/** Seconds that starting a plugin may take beside that. */
const START = 15;
/** A plugin that started less than so many seconds ago has done so recently. */
const RECENT = 120;

/** The plugin that the agent runs. */
export function pluginOf({ agent, fs }: Environs): AgentSection['plugin'] {
  const { plugin } = agent;
  return plugin === undefined ? undefined : { pid: plugin.pid, since: startedAt(fs, plugin.pid) };
}

/** @param installed the program that the agent starts. */
export function judgePlugin(environs: Environs, installed: string): Finding[] {
  const { agent, fs, isIdle, now } = environs;
  const { isKnown = false, isService = false, pid = 0 } = agent.process ?? {};
  if (!isKnown) return [];
  const agentSince = startedAt(fs, pid) ?? 0;
  if (agent.plugin !== undefined) return restarted(environs, agentSince);
  // The plugin asked the agent not to start it again.
  if (isIdle) return [];
  const scan = scanOf(environs);
  const wait = scan + START - (now - Math.max(agentSince, changedAt(environs, installed)));
  const exit = lastExit(fs, agent.logDirectory, agentSince);
  if (wait > 0 && exit?.includes('isabl') !== true) {
    const text = `the agent does not run the plugin yet; it looks for new plugins every ${scan} s`;
    const fix = remedy('check_later', { wait: String(wait) });
    return [{ severity: 'hint', code: 'plugin_not_yet', text, remedy: fix }];
  }
  const log = logName(fs, agent.logDirectory);
  const text = `the agent does not run the plugin${exit === undefined ? '' : `; its log says: ${exit}`}`;
  const fix = remedy(isService ? 'restart_service' : 'restart_agent', { log });
  return [{ severity: 'fault', code: 'plugin_not_running', text, remedy: fix }];
}

/** A plugin that started only just now, long after the agent, may end again and again. */
function restarted(environs: Environs, agentSince: number): Finding[] {
  const { agent, fs, now } = environs;
  const since = pluginOf(environs)?.since ?? 0;
  if (now - since > RECENT || since - agentSince <= RECENT) return [];
  const exit = lastExit(fs, agent.logDirectory, since - RECENT);
  if (exit === undefined) return [];
  const text = `the plugin started again ${now - since} s ago; the agent's log says of its last end: ${exit}`;
  const fix = remedy('look_at_log', { log: logName(fs, agent.logDirectory) });
  return [{ severity: 'hint', code: 'plugin_restarted', text, remedy: fix }];
}

function scanOf({ agent }: Environs): number {
  const [, seconds] = /^(\d{1,6})s?$/.exec(agent.settings.get('plugins', 'check for new plugins every') ?? '') ?? [];
  return seconds === undefined ? SCAN : Number(seconds);
}

/** When a file came to be as it is, in seconds since the epoch; 0 where that is not known. */
function changedAt({ fs }: Environs, path: string): number {
  return Math.floor((attempt(() => fs.statSync(path).ctimeMs) ?? 0) / 1000);
}

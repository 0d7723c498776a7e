/**
 * Whether the running agent also runs the plugin, and what its log says if not. The log is `error.log` in 1.37,
 * `daemon.log` in 2.x, or the journal.
 */

import { exists } from '../procfs/file.ts';
import type { AgentFacts } from './agent_findings.ts';
import { attempt, readEnd } from './files.ts';
import { startedAt } from './process.ts';
import { remedy } from './remedy.ts';
import { type AgentSection, type Finding, fault, hint } from './report.ts';

/** Default interval in seconds at which the agent looks for new plugins. */
const SCAN = 60;
/** Seconds that the agent may take to start a plugin after that. */
const START = 15;
/** A plugin that started less than this many seconds ago counts as just started. */
const RECENT = 120;

const LOGS = ['daemon.log', 'error.log'];
const JOURNAL = 'journalctl --namespace netdata, or journalctl -u netdata';
/** Only this many bytes at the end of a log are read. */
const LONGEST = 1024 * 1024;

/**
 * A line of 2.x, in UTC, or of 1.37, in local time:
 *
 *     time=2026-11-21T17:57:48.937Z … msg="PLUGINSD: 'host:a', '/…/conntrack.plugin' (pid 7) exited abnormally. Disabling it."
 *     2026-11-21 17:57:48: netdata ERROR : … '/…/conntrack.plugin' (pid 7) exited with error code 1 …
 */
const EXIT =
  /^(?:time=)?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(Z?).*conntrack\.plugin' (\(pid \d+\) [^"\n]*(?:exited|killed|isabl)[^"\n]*)/gm;

export function pluginOf({ agent, fs }: AgentFacts): AgentSection['plugin'] {
  const plugin = agent.process?.plugin;
  return plugin === undefined ? undefined : { pid: plugin.pid, since: startedAt(fs, plugin.pid) };
}

/** @param installed the program that the agent starts. */
export function judgePlugin(facts: AgentFacts, installed: string): Finding[] {
  const { agent, fs, isIdle, now } = facts;
  if (agent.process?.isKnown !== true) return [];
  const { isService, pid, plugin } = agent.process;
  const agentSince = startedAt(fs, pid) ?? 0;
  if (plugin !== undefined) return restarted(facts, agentSince);
  // A plugin with nothing to do asks the agent not to start it again.
  if (isIdle) return [];
  const scan = scanInterval(facts);
  const wait = scan + START - (now - Math.max(agentSince, changedAt(facts, installed)));
  const exit = lastExit(facts, agentSince);
  if (wait > 0 && exit?.includes('isabl') !== true) {
    const text = `the agent has not started the plugin yet; it looks for new plugins every ${scan} s`;
    return [hint('plugin_not_yet', text, remedy('check_later', { wait: String(wait) }))];
  }
  const text = `the agent is not running the plugin${exit === undefined ? '' : `; its log says: ${exit}`}`;
  const restart = isService ? 'restart_service' : 'restart_agent';
  return [fault('plugin_not_running', text, remedy(restart, { log: logFile(facts) ?? JOURNAL }))];
}

/** A plugin that just started, long after the agent, may be crashing repeatedly. */
function restarted(facts: AgentFacts, agentSince: number): Finding[] {
  const since = pluginOf(facts)?.since ?? 0;
  const age = facts.now - since;
  if (age > RECENT || since - agentSince <= RECENT) return [];
  const exit = lastExit(facts, since - RECENT);
  if (exit === undefined) return [];
  const text = `the plugin restarted ${age} s ago; the agent's log says: ${exit}`;
  return [hint('plugin_restarted', text, remedy('look_at_log', { log: logFile(facts) ?? JOURNAL }))];
}

function scanInterval({ agent }: AgentFacts): number {
  const [, seconds] = /^(\d{1,6})s?$/.exec(agent.settings.get('plugins', 'check for new plugins every') ?? '') ?? [];
  return seconds === undefined ? SCAN : Number(seconds);
}

/** When a file last changed, in seconds since the epoch; 0 if unknown. */
function changedAt({ fs }: AgentFacts, path: string): number {
  return Math.floor((attempt(() => fs.statSync(path).ctimeMs) ?? 0) / 1000);
}

/**
 * The agent's last message about an exit of the plugin; `undefined` if there is none, or the log cannot be read.
 *
 * @param after seconds since the epoch; earlier lines are ignored.
 */
function lastExit(facts: AgentFacts, after: number): string | undefined {
  const file = logFile(facts);
  const text = file === undefined ? undefined : readEnd(facts.fs, file, LONGEST);
  const [, date, time, zone, exit] = [...(text?.matchAll(EXIT) ?? [])].at(-1) ?? [];
  return Date.parse(`${date}T${time}${zone}`) / 1000 >= after ? exit?.trim() : undefined;
}

function logFile({ agent, fs }: AgentFacts): string | undefined {
  const { logDirectory } = agent;
  return logDirectory && LOGS.map((name) => `${logDirectory}/${name}`).find((path) => exists(fs, path));
}

/** What the report says of the agent's built-in collector, which draws six of the same charts. */

import { chooseContexts, isBuiltinOn, readBuiltin } from '../agent/builtin.ts';
import type { Config } from '../config/schema.ts';
import { exists } from '../procfs/file.ts';
import { type AgentFacts, stateOf } from './agent_findings.ts';
import { regularFiles } from './files.ts';
import { remedy } from './remedy.ts';
import { type BuiltinSection, hint } from './report.ts';

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

/**
 * Whether the agent's own collector of connection tracking is on, and which contexts that leaves to the plugin.
 *
 * @param configured the option `contexts` of the plugin's configuration.
 */
export function judgeBuiltin({ agent, fs, places }: AgentFacts, configured: Config['contexts']): BuiltinSection {
  if (stateOf(agent) === 'not_found') return { findings: [] };
  const charts = agent.isFileClosed ? undefined : isBuiltinOn(agent.settings);
  // The plugin reads a different file if the agent was started with `-c FILE`.
  const seen = readBuiltin(regularFiles(fs), agent.userConfigDirectory);
  const { contexts, reason: contexts_reason } = chooseContexts(configured, seen);
  const section = { charts, contexts, contexts_reason };
  if (charts !== true) return { ...section, findings: [] };
  const canSetUp = exists(fs, `${places.folder}/${SETUP}`) && agent.file === `${agent.prefix}/etc/netdata/netdata.conf`;
  const setUp = agent.prefix === '' ? 'turn_off_builtin_package' : 'turn_off_builtin_below';
  const [code, text] = DUPLICATES[contexts];
  return { ...section, findings: [hint(code, text, remedy(canSetUp ? setUp : 'turn_off_builtin_script', places))] };
}

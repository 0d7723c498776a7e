/**
 * The agent that is installed on this machine (Debian's, 1.37), run for a test with its own folders, in a network
 * namespace of the laboratory, as user netdata with the one capability that the plugin can use. Of its
 * built-in collectors only the one for connection tracking runs.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { type AgentOptions, makeAgentFolder } from './agent_folder.ts';
import { builtinCollector } from './builtin_collector.ts';
import { type Place, RunningAgent } from './running_agent.ts';

const OFF = [
  'diskspace',
  'cgroups',
  'tc',
  'idlejitter',
  'checks',
  'timex',
  'statsd',
  'slabinfo',
  'nfacct',
  'perf',
  'apps',
];

export class Agent extends RunningAgent {
  /** Starts the agent in the router's namespace and waits until it answers. */
  static start(place: Place, options: AgentOptions): Promise<Agent> {
    const folder = makeAgentFolder(options);
    const file = join(folder, 'etc/netdata.conf');
    writeFileSync(file, configuration(folder, options));
    return new Agent(place, folder, ['netdata', '-D', '-c', file]).answers();
  }
}

function configuration(folder: string, { builtin = true, lines = [] }: AgentOptions): string {
  return `[global]
  run as user = netdata
  hostname = router
[db]
  mode = dbengine
[directories]
  config = ${folder}/etc
  stock config = ${folder}/etc
  health config = ${folder}/health.d
  stock health config = ${folder}/health.d
  cache = ${folder}/cache
  lib = ${folder}/lib
  log = ${folder}/log
  plugins = "${folder}/plugins.d"
[web]
  bind to = 127.0.0.1:19999
[health]
  enabled = yes
  in memory max health log entries = 1000
[registry]
  enabled = no
[ml]
  enabled = no
[plugins]
  netdata monitoring = no
${OFF.map((name) => `  ${name} = no`).join('\n')}
${[...builtinCollector(builtin), ...lines].join('\n')}
`;
}

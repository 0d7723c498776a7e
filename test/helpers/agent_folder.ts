/**
 * The folder of an agent that a test runs: `etc`, `plugins.d` with the built plugin, `health.d` with the project's health
 * file, and the folders that the agent writes to.
 */

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { run } from './conntrack.ts';
import { withoutOthers } from './program.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Folders that only root can write to, and folders of the agent's user. */
const OF_ROOT = ['plugins.d', 'health.d'];
const OF_NETDATA = ['etc', 'cache', 'lib', 'log', 'run'];

export interface AgentOptions {
  /** The text of the plugin's configuration file, completed by {@link withoutOthers}. */
  readonly config: string;
  /** A folder with the packaged program, which gets its capability; the built script by default. */
  readonly packaged?: string;
  /** Changes the health file. */
  readonly health?: (text: string) => string;
  /** Whether the agent's built-in collector of connection tracking runs. */
  readonly builtin?: boolean;
  /** More lines of `netdata.conf`. */
  readonly lines?: readonly string[];
  /** The text of `stream.conf`: where the agent streams to, or whom it receives from. */
  readonly stream?: string;
}

/** Makes the folder and returns its path. */
export function makeAgentFolder(options: AgentOptions): string {
  const { config, health = (text) => text, packaged, stream = '' } = options;
  const program = packaged ?? join(ROOT, 'dist');
  const folder = mkdtempSync(join(tmpdir(), 'conntrack-agent-'));
  const [user, group] = [idOf('-u'), idOf('-g')];
  chmodSync(folder, 0o755);
  for (const name of OF_ROOT) mkdirSync(join(folder, name));
  for (const name of OF_NETDATA) {
    mkdirSync(join(folder, name));
    chownSync(join(folder, name), user, group);
  }
  const plugin = pluginIn(folder);
  copyFileSync(join(program, 'conntrack.plugin'), plugin);
  chownSync(plugin, 0, group);
  chmodSync(plugin, 0o750);
  if (packaged !== undefined) run(['setcap', 'cap_net_admin=p', plugin]);
  cpSync(join(program, 'conntrack-koffi'), join(folder, 'plugins.d/conntrack-koffi'), { recursive: true });
  writeFileSync(join(folder, 'etc/conntrack.conf'), withoutOthers(config));
  writeFileSync(join(folder, 'etc/stream.conf'), stream);
  const alerts = readFileSync(join(ROOT, 'health/conntrack.conf'), 'utf8');
  writeFileSync(join(folder, 'health.d/conntrack.conf'), health(alerts));
  return folder;
}

/** The path of the plugin in the folder of an agent. */
export function pluginIn(folder: string): string {
  return join(folder, 'plugins.d/conntrack.plugin');
}

function idOf(option: '-u' | '-g'): number {
  return Number(spawnSync('id', [option, 'netdata'], { encoding: 'utf8' }).stdout);
}

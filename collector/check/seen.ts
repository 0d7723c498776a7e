/**
 * What root sees of the running agent and the agent's own user cannot, passed on to the check that runs as that user. Root
 * itself ignores it: an environment variable can mislead only the user who set it.
 */

import * as v from 'valibot';

import { parseJson } from './files.ts';

/** The environment variable that carries it. */
export const SEEN = 'CONNTRACK_CHECK_SEEN';

const text = v.optional(v.string());

/** The plugin's process below an agent. */
const plugin = v.strictObject({
  pid: v.number(),
  /** `--config FILE`, which the agent's own configuration can add. */
  config: text,
  /** The agent's directories, from the environment of the process; empty if that cannot be read. */
  directories: v.strictObject({ userConfig: text, stockConfig: text, plugins: text, log: text }),
});

const seen = v.strictObject({
  /** The agent's process; absent if no agent is running. */
  pid: v.optional(v.number()),
  /** The file that it runs. */
  program: text,
  /** Its network namespace, such as `net:[4026531840]`. */
  network: text,
  plugin: v.optional(plugin),
});

export type PluginProcess = v.InferOutput<typeof plugin>;
export type Seen = v.InferOutput<typeof seen>;

/** @param process of the agent, if one is identified for certain. */
export function seenOf({ network, pid, plugin, program }: Seen = {}): Seen {
  return { pid, program, network, plugin };
}

/** @param json value of the environment variable. */
export function parseSeen(json = ''): Seen | undefined {
  return parseJson(seen, json);
}

/**
 * What root sees of the agent that runs and the agent's own user does not, handed on to the check as that user. Root
 * never takes it from elsewhere: what an environment says can mislead nobody but whoever set it.
 */

import * as v from 'valibot';

import type { AgentProcess } from './agent_process.ts';
import { type CheckFileSystem, readLink } from './files.ts';
import type { PluginProcess } from './plugin_process.ts';

/** The environment variable that it is handed on in. */
export const SEEN = 'CONNTRACK_CHECK_SEEN';

export interface Seen {
  /** The process that is the agent; none: no process is. */
  readonly pid?: number | undefined;
  /** The file that it runs. */
  readonly program?: string | undefined;
  /** Its network namespace, such as `net:[4026531840]`. */
  readonly network?: string | undefined;
  /** The plugin that it runs. */
  readonly plugin?: PluginProcess | undefined;
}

const text = v.optional(v.string());

const seen = v.strictObject({
  pid: v.optional(v.number()),
  program: text,
  network: text,
  plugin: v.optional(
    v.strictObject({
      pid: v.number(),
      config: text,
      directories: v.strictObject({ userConfig: text, stockConfig: text, plugins: text, log: text }),
    }),
  ),
});

/**
 * @param process the agent, if there is one for certain.
 * @param plugin that it runs.
 */
export function lookAt(
  fs: CheckFileSystem,
  process: AgentProcess | undefined,
  plugin: PluginProcess | undefined,
): Seen {
  if (process === undefined) return {};
  const { pid, program } = process;
  return { pid, program, network: readLink(fs, `/proc/${pid}/ns/net`), plugin };
}

export function formatSeen(what: Seen): string {
  return JSON.stringify(what);
}

/** @param json of the environment variable. */
export function parseSeen(json: string | undefined): Seen | undefined {
  try {
    const { issues, output } = v.safeParse(seen, JSON.parse(json ?? ''));
    return issues === undefined ? output : undefined;
  } catch {
    return undefined;
  }
}

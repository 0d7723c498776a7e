/** Which functions the agent knows of, and who may call them. */

import type { Config } from '../config/schema.ts';
import type { LiveFunction } from '../functions/function.ts';
import { PROTOCOL_VERSION } from './function_json.ts';
import { functionDel, functionLine } from './protocol/writer.ts';

export type FunctionSettings = Config['functions'];

/** Seconds after which agents give up a call, unless the caller says otherwise. */
export const TIMEOUT = 60;
/** Where dashboards list them: that of Netdata's `network-connections`. */
const PRIORITY = 100;
/** The tag of functions that show what is going on right now. */
const TAG = 'top';

/**
 * The permissions that a caller needs, by setting: to be signed in, to be a member of the same space, and to see
 * sensitive data, as for Netdata's `network-connections`; or only to see what anyone may see.
 * Source: `HTTP_ACCESS` in http_access.h of Netdata.
 */
export const PERMISSIONS = { members: 0x13, anyone: 0x8 } as const satisfies Record<FunctionSettings['access'], number>;

/** The first agent that was seen to remove a function: others end a plugin that asks for it. */
const REMOVES_FUNCTIONS = [2, 11, 0, 84];

/** The name by which the agent knows a function. */
export function registeredName({ name }: Pick<LiveFunction, 'name'>): string {
  return `conntrack:${name}`;
}

/**
 * The lines that register or remove functions when the settings change.
 *
 * @param before `undefined` at the start.
 * @param version of the agent.
 */
export function registrationLines(
  functions: readonly Pick<LiveFunction, 'name' | 'summary'>[],
  before: FunctionSettings | undefined,
  now: FunctionSettings,
  version: string | undefined,
): string {
  const was = before?.enabled === true ? before.access : undefined;
  if (now.enabled && was !== now.access) {
    return functions.map((one) => functionLine({ ...wordsOf(one), access: PERMISSIONS[now.access] })).join('');
  }
  if (now.enabled || was === undefined || !canRemove(version)) return '';
  return functions.map((one) => functionDel(registeredName(one))).join('');
}

function wordsOf(one: Pick<LiveFunction, 'name' | 'summary'>): Omit<Parameters<typeof functionLine>[0], 'access'> {
  return {
    name: registeredName(one),
    timeout: TIMEOUT,
    help: one.summary,
    tags: TAG,
    priority: PRIORITY,
    version: PROTOCOL_VERSION,
  };
}

/** Whether an agent of this version, such as `v2.11.0-84-nightly`, is known to have `FUNCTION_DEL`. */
function canRemove(version = ''): boolean {
  const [, ...numbers] = /^v?(\d+)\.(\d+)\.(\d+)(?:-(\d+))?/.exec(version) ?? [];
  const differs = REMOVES_FUNCTIONS.map((least, place) => Number(numbers[place] ?? 0) - least).find((by) => by !== 0);
  return (differs ?? 0) >= 0;
}

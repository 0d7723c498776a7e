/** The sources of live answers for the agent, which may be estimates. */

import type { Sources } from '../functions/sources.ts';
import type { Context } from '../modules/context.ts';
import { readText } from '../procfs/file.ts';
import { clock, runtime } from './system.ts';

export function sourcesOf({ ctnetlink, fs, host }: Pick<Context, 'ctnetlink' | 'fs' | 'host'>): Sources {
  const eventSetting = (): number | undefined => {
    const text = readText(fs, host.netfilter('nf_conntrack_events'));
    return text === undefined ? undefined : Number(text);
  };
  return { ctnetlink, runtime, clock, isPatient: false, snatPools: [], eventSetting };
}

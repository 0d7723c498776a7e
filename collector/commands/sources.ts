/** What live answers are found from, for all commands. */

import type { Sources } from '../functions/sources.ts';
import type { Context } from '../modules/context.ts';
import { readText } from '../procfs/file.ts';
import { clock, runtime } from './system.ts';

/** The sources that need no configuration. */
export function kernelSources({
  ctnetlink,
  fs,
  host,
}: Pick<Context, 'ctnetlink' | 'fs' | 'host'>): Pick<Sources, 'ctnetlink' | 'runtime' | 'clock' | 'eventSetting'> {
  const eventSetting = (): number | undefined => {
    const text = readText(fs, host.netfilter('nf_conntrack_events'));
    return text === undefined ? undefined : Number(text);
  };
  return { ctnetlink, runtime, clock, eventSetting };
}

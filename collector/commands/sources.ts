/** What live answers are found from, for all commands. */

import type { NamespaceSources, Sources } from '../functions/sources.ts';
import type { Context } from '../modules/context.ts';
import { NamespaceContext } from '../namespaces/context.ts';
import { readText } from '../procfs/file.ts';
import { namespaceAccess } from './namespace_access.ts';
import { clock, runtime } from './system.ts';

/** The sources that need no configuration. */
export function kernelSources(
  context: Context,
): Pick<Sources, 'ctnetlink' | 'runtime' | 'clock' | 'eventSetting' | 'namespaces'> {
  const { ctnetlink, fs, host } = context;
  const eventSetting = (): number | undefined => {
    const text = readText(fs, host.netfilter('nf_conntrack_events'));
    return text === undefined ? undefined : Number(text);
  };
  return { ctnetlink, runtime, clock, eventSetting, namespaces: namespaceSources(context) };
}

function namespaceSources(context: Context): NamespaceSources {
  const access = namespaceAccess(context);
  return {
    own: context,
    find: () => access.discovery.find(),
    open: (namespace) => {
      const entrance = access.enter(namespace);
      const { fs, host } = new NamespaceContext(context, namespace, entrance, context.log);
      return { fs, host, via: entrance.via, close: () => entrance.close() };
    },
  };
}

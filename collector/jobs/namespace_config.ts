/** The configuration of a job in a network namespace. */

import type { Config } from '../config/schema.ts';

/** @param isIncluded whether the operator named the namespace: then it has all modules, otherwise only `stat`. */
export function namespaceConfig(config: Config, isIncluded: boolean): Config {
  const { conntrackd, events, flows, sockets, stat } = config.modules;
  /** What the operator requires on the host need not be there in a namespace. */
  const unless = (isOff: boolean, { enabled }: Pick<typeof stat, 'enabled'>): 'auto' | false =>
    isOff || enabled === false ? false : 'auto';
  return {
    ...config,
    modules: {
      stat: { enabled: unless(false, stat), read_from: 'procfs', per_cpu: false },
      events: { ...events, enabled: unless(!isIncluded, events) },
      flows: { ...flows, enabled: unless(!isIncluded, flows) },
      sockets: { ...sockets, enabled: unless(!isIncluded, sockets) },
      conntrackd: { ...conntrackd, enabled: false },
    },
  };
}

/**
 * The collector of connection tracking that is built into the agent, and which contexts it leaves to the plugin. An
 * agent answers queries by context: what two collectors draw in one context it adds up or averages.
 */

import type { Chart } from '../../charts/types.ts';
import { errorCode } from '../base/errors.ts';
import type { ConfigFileSystem } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { Ini } from './ini.ts';

/** The agent's configuration file, in its user configuration directory. */
const NETDATA_CONF = 'netdata.conf';

/** Whether the built-in collector draws; `unknown` where its configuration cannot be read. */
export type Builtin = 'on' | 'off' | 'unknown';

/**
 * Which contexts the charts have that the built-in collector draws too: those that it uses (`netfilter.conntrack_…`), or
 * others (`conntrack.…`).
 */
export interface ContextChoice {
  readonly contexts: 'netfilter' | 'conntrack';
  /** What decides: the state of the built-in collector, or `conntrack.conf`. */
  readonly reason: Builtin | 'configured';
}

/** Whether an agent with these settings runs its built-in collector. */
export function isBuiltinOn(settings: Ini): boolean {
  // The key has no `nf_` in it, although the file that is read does.
  return settings.isOn('plugins', 'proc') && settings.isOn('plugin:proc', '/proc/net/stat/conntrack');
}

/**
 * Whether the agent that is configured in a directory runs its built-in collector. Without a `netdata.conf` its defaults
 * hold, and it does.
 */
export function readBuiltin(fs: ConfigFileSystem, directory: string | undefined): Builtin {
  if (directory === undefined) return 'unknown';
  try {
    return isBuiltinOn(new Ini(fs.readFileSync(`${directory}/${NETDATA_CONF}`, 'utf8'))) ? 'on' : 'off';
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? 'on' : 'unknown';
  }
}

/** The contexts of the built-in collector only where it is known to be off, unless the configuration decides. */
export function chooseContexts(asked: Config['contexts'], builtin: Builtin): ContextChoice {
  if (asked !== 'auto') return { contexts: asked, reason: 'configured' };
  return { contexts: builtin === 'off' ? 'netfilter' : 'conntrack', reason: builtin };
}

/** The charts with the contexts that were chosen. */
export function inContexts(charts: readonly Chart[], { contexts }: ContextChoice): readonly Chart[] {
  if (contexts === 'netfilter') return charts;
  return charts.map((chart) => ({ ...chart, context: chart.contextBesideBuiltin ?? chart.context }));
}

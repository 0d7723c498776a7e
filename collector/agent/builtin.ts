/**
 * The agent's built-in collector of connection tracking, and the contexts that it leaves to the plugin. The agent
 * aggregates queries by context, so two collectors in one context would be added up or averaged.
 */

import type { Chart } from '../../charts/types.ts';
import { errorCode } from '../base/errors.ts';
import type { ConfigFileSystem } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { Ini } from './ini.ts';

/** The agent's configuration file, in its user configuration directory. */
const NETDATA_CONF = 'netdata.conf';

/** Whether the built-in collector is on; `unknown` if its configuration cannot be read. */
export type Builtin = 'on' | 'off' | 'unknown';

/**
 * The contexts of the charts that the built-in collector has too: its own (`netfilter.conntrack_…`) or others
 * (`conntrack.…`).
 */
export interface ContextChoice {
  readonly contexts: 'netfilter' | 'conntrack';
  /** What decided: the state of the built-in collector, or `conntrack.conf`. */
  readonly reason: Builtin | 'configured';
}

/** Whether an agent with these settings runs its built-in collector. */
export function isBuiltinOn(settings: Ini): boolean {
  // The key lacks the `nf_` of the file's name.
  return settings.isOn('plugins', 'proc') && settings.isOn('plugin:proc', '/proc/net/stat/conntrack');
}

/**
 * Whether the agent with this configuration directory runs its built-in collector, as it does by default and without a
 * `netdata.conf`.
 */
export function readBuiltin(fs: ConfigFileSystem, directory: string | undefined): Builtin {
  if (directory === undefined) return 'unknown';
  try {
    return isBuiltinOn(new Ini(fs.readFileSync(`${directory}/${NETDATA_CONF}`, 'utf8'))) ? 'on' : 'off';
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? 'on' : 'unknown';
  }
}

/** Uses the built-in collector's contexts only if it is known to be off, unless `conntrack.conf` decides. */
export function chooseContexts(configured: Config['contexts'], builtin: Builtin): ContextChoice {
  if (configured !== 'auto') return { contexts: configured, reason: 'configured' };
  return { contexts: builtin === 'off' ? 'netfilter' : 'conntrack', reason: builtin };
}

/** The charts with the chosen contexts. */
export function inContexts(charts: readonly Chart[], { contexts }: ContextChoice): readonly Chart[] {
  if (contexts === 'netfilter') return charts;
  return charts.map((chart) => ({ ...chart, context: chart.contextBesideBuiltin ?? chart.context }));
}

/** Which metrics module `stat` returns on which kernel. */

import type { Sample, Scope } from '../../collector/modules/module.ts';
import { RecordedHost, SETTINGS } from './recorded_host.ts';
import { NAMES, OLD_NAMES } from './stat_text.ts';

/** The columns from Linux 5.10 to 5.14. */
export const NAMES_5_10 = NAMES.map((name) => (name === 'chainlength' ? 'delete_list' : name));
/** Every column of every kernel. */
export const COLUMNS = [...new Set([...NAMES, ...NAMES_5_10, ...OLD_NAMES])];

/** The names of metrics, by scope. */
export type Metrics = Readonly<Record<Scope, ReadonlySet<string>>>;

/** The metrics that are known in samples. */
export function metricsIn(samples: readonly Sample[]): Metrics {
  const metrics: Record<Scope, Set<string>> = {
    host: new Set(),
    cpu: new Set(),
    tcp: new Set(),
    udp: new Set(),
    daemon: new Set(),
    cache: new Set(),
    link: new Set(),
    queue: new Set(),
  };
  for (const { scope, values } of samples) {
    for (const [metric, known] of Object.entries(values)) if (known !== undefined) metrics[scope].add(metric);
  }
  return metrics;
}

/**
 * What the module returns on a host whose statistics file has these columns, all of them 0 or 1.
 *
 * @param names `undefined` for a host without statistics file.
 */
export function metricsOf(names: readonly string[] | undefined, release: string, value: 0 | 1 = 0): Metrics {
  const settings = ['max', 'buckets', 'expect_max', 'count'];
  const files = settings.map((name) => [`${SETTINGS}${name}`, '16\n'] as const);
  const host = new RecordedHost(Object.fromEntries(files), { per_cpu: true }, { release });
  if (names !== undefined) host.stat(names, ...[0, 1].map(() => names.map(() => value)));
  host.collect(0);
  return metricsIn(host.collect(1));
}

/** Every metric that the module can return on any kernel. */
export const allMetrics = metricsOf(COLUMNS, '', 1);

/** The charts against the modules: everything charted is collected, and everything collected is charted. */

import { describe, expect, it } from 'vitest';

import { charts } from '../../charts/index.ts';
import type { Chart } from '../../charts/types.ts';
import { columnsOf } from '../../collector/modules/stat/columns.ts';
import {
  fromDaemons,
  fromEvents,
  fromEventsWithStat,
  fromFlows,
  fromNamespaces,
  fromSockets,
  withOthers,
} from '../helpers/all_metrics.ts';
import { allMetrics, COLUMNS, metricsOf } from '../helpers/stat_metrics.ts';
import { NAMES, OLD_NAMES } from '../helpers/stat_text.ts';

/** The metrics that charts name. */
function metricsNamed(named: readonly Chart[]): string[] {
  const all = named.flatMap(({ dimensions, variables = [] }) => [...dimensions, ...variables]);
  return [...new Set(all.map(({ metric }) => metric))].sort();
}

describe('the metrics of the modules', () => {
  it('include every column of every kernel', () => {
    const metrics = columnsOf(COLUMNS, '').map(({ metric }) => metric);
    expect(new Set(metrics).size).toBe(COLUMNS.length - 1);
  });

  it.each(['host', 'tcp', 'udp', 'daemon', 'cache', 'link', 'queue'] as const)(
    'of scope %s are all charted or variables of alerts',
    (scope) => {
      const named = metricsNamed(charts.filter((chart) => chart.scope === scope));
      expect(named).not.toHaveLength(0);
      // No kernel has it all: some numbers are computed only where the kernel itself does not count.
      const kernels = [allMetrics, metricsOf(NAMES, '6.18.0')].map((metrics) => withOthers(metrics)[scope]);
      expect(named).toEqual([...new Set(kernels.flatMap((metrics) => [...metrics]))].sort());
    },
  );

  it('include all that the charts of a CPU show', () => {
    const named = metricsNamed(charts.filter(({ scope }) => scope === 'cpu'));
    expect([...allMetrics.cpu]).toEqual(expect.arrayContaining(named));
  });

  it.each([
    ['stat', 'host', allMetrics],
    ['events', 'host', fromEventsWithStat],
    ['flows', 'host', fromFlows],
    ['sockets', 'tcp', fromSockets],
    ['sockets', 'udp', fromSockets],
    ['conntrackd', 'daemon', fromDaemons],
    ['conntrackd', 'cache', fromDaemons],
    ['conntrackd', 'link', fromDaemons],
    ['conntrackd', 'queue', fromDaemons],
    ['namespaces', 'host', fromNamespaces],
  ] as const)('include all that the charts of module %s in scope %s show', (name, of, metrics) => {
    const named = metricsNamed(charts.filter(({ module, scope }) => module === name && scope === of));
    expect(named).not.toHaveLength(0);
    expect([...metrics[of]]).toEqual(expect.arrayContaining(named));
  });

  it('are returned by two modules only if newer kernels no longer count them', () => {
    const sinceThen = metricsOf(OLD_NAMES, '4.9.0').host;
    const both = [...allMetrics.host].filter((metric) => fromEvents.host.has(metric) || fromFlows.host.has(metric));
    expect(both.sort()).toEqual(['deleted', 'new']);
    expect(both.filter((metric) => sinceThen.has(metric))).toEqual([]);
  });
});

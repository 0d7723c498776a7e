import { describe, expect, it } from 'vitest';

import { conntrackdCharts } from '../../../charts/conntrackd.ts';
import type { Dimension } from '../../../charts/types.ts';
import { readAnswer } from '../../../collector/modules/conntrackd/answer.ts';
import { FactSheet } from '../../../collector/modules/conntrackd/facts.ts';
import { InstanceIds } from '../../../collector/modules/conntrackd/instance_ids.ts';
import { Report } from '../../../collector/modules/conntrackd/report.ts';
import { FORMATS } from '../../helpers/conntrackd_formats.ts';
import { upAt } from '../../helpers/conntrackd_report.ts';
import { distinct, fill } from '../../helpers/conntrackd_text.ts';

/** The numbers of all daemons together. */
function everything(first: bigint): FactSheet {
  const sheet = new FactSheet();
  for (const [request, format] of Object.values(FORMATS))
    readAnswer(request, fill(format, distinct(format, first)), sheet);
  readAnswer('runtime', 'daemon uptime: 3 days 4 h 5 min\n', sheet);
  readAnswer('process', 'PID=7 type=commit\n', sheet);
  readAnswer('rsqueue', 'resent queue (len=24)\n', sheet);
  readAnswer('ct', 'TCP traffic (active device=eth3) server=connected client=disconnected:\n', sheet);
  return sheet;
}

/** The known metrics of each scope. */
function reported(): Map<string, string[]> {
  const report = new Report('fw', new InstanceIds());
  const round = (first: bigint) => ({ sheet: everything(first), restarted: false, malformed: new Map() }) as const;
  upAt(report, round(100n), 1e6, 5);
  const metrics = new Map<string, Set<string>>();
  for (const { scope, values } of [...upAt(report, round(1000n), 2e6, 5), ...report.absent('down')]) {
    const known = metrics.get(scope) ?? new Set();
    for (const [metric, value] of Object.entries(values)) if (value !== undefined) known.add(metric);
    metrics.set(scope, known);
  }
  return new Map([...metrics].map(([scope, known]) => [scope, [...known].sort()]));
}

const counters = new Set(
  [...everything(1n).all()].flatMap(({ counters: all, subject }) =>
    [...all.keys()].map((metric) => `${subject.scope} ${metric}`),
  ),
);

const scopes = [...new Set(conntrackdCharts.map(({ scope }) => String(scope)))];

describe('the charts of conntrackd', () => {
  it('cover every scope of the samples', () => {
    expect([...scopes].sort()).toEqual([...reported().keys()].sort());
  });

  it.each(scopes)('of scope %s show every reported metric, and no other', (scope) => {
    const charts = conntrackdCharts.filter((chart) => chart.scope === scope);
    const shown = charts.flatMap(({ dimensions, variables = [] }) =>
      [...dimensions, ...variables].map(({ metric }) => metric),
    );
    expect([...new Set(shown)].sort()).toEqual(reported().get(scope));
  });

  it('show each metric once', () => {
    const shown = conntrackdCharts.flatMap(({ dimensions, scope }) =>
      dimensions.map(({ metric }) => `${scope} ${metric}`),
    );
    expect(shown).toEqual([...new Set(shown)]);
  });

  it('send rates and fractions in thousandths, and counts as they are', () => {
    const wrong = conntrackdCharts.flatMap(({ dimensions, id, scope }) =>
      dimensions
        .filter(({ divisor = 1, metric }: Dimension) => {
          const isFraction = counters.has(`${scope} ${metric}`) || metric === 'fill';
          return divisor !== (isFraction ? 1000 : 1);
        })
        .map(({ metric }) => `${id} ${metric}`),
    );
    expect(wrong).toEqual([]);
  });

  it('have a unit per second exactly if they show rates', () => {
    const wrong = conntrackdCharts.filter(
      ({ dimensions, scope, units }) =>
        units.endsWith('/s') !== dimensions.some(({ metric }) => counters.has(`${scope} ${metric}`)),
    );
    expect(wrong.map(({ id }) => id)).toEqual([]);
  });

  it('have unique ids and contexts, and unique dimensions in each chart', () => {
    for (const names of [
      conntrackdCharts.map(({ id }) => id),
      conntrackdCharts.map(({ context }) => context),
      ...conntrackdCharts.map(({ dimensions }) => dimensions.map(({ id }) => id)),
    ]) {
      expect(names).toEqual([...new Set(names)]);
    }
    for (const { context, id } of conntrackdCharts) expect(id.replace('conntrackd_', 'conntrackd.')).toBe(context);
  });
});

import { describe, expect, it } from 'vitest';

import { charts } from '../../charts/index.ts';
import {
  CRITICAL_ABOVE,
  ENTRIES,
  PLAIN,
  READ,
  SECTIONS,
  SNAT_PORTS_ABOVE,
  STUCK_ABOVE,
  WARNING_ABOVE,
} from '../../collector/terminal/layout.ts';
import { alerts } from '../helpers/project.ts';

const contents = SECTIONS.flatMap((section) => section.contents);
const chartOf = (context: string) => charts.find((chart) => chart.context === context);

describe('the layout of the screen', () => {
  it('names only existing charts', () => {
    const contexts = [...[...contents, ENTRIES].map(({ context }) => context), ...PLAIN];
    expect(contexts.filter((context) => chartOf(context) === undefined)).toEqual([]);
  });

  it('names only existing dimensions and variables', () => {
    const places = contents.flatMap((content) => {
      if (content.kind === 'values')
        return content.dimensions.map((dimension) => ({ context: content.context, dimension }));
      return content.kind === 'state' ? [{ context: content.context, dimension: content.good }] : [];
    });
    const unknown = [...places, ENTRIES, READ].filter(
      ({ context, dimension }) => !chartOf(context)?.dimensions.some(({ id }) => id === dimension),
    );
    expect(unknown).toEqual([]);
    expect(chartOf(ENTRIES.context)?.variables?.map(({ name }) => name)).toContain(ENTRIES.limit);
    expect(chartOf(READ.context)?.variables?.map(({ name }) => name)).toContain(READ.error);
  });

  it('gives a section of one chart the title of the chart', () => {
    const shares = SECTIONS.filter(({ contents: [first] }) => first?.kind === 'shares');
    for (const { contents: own, title } of shares) {
      expect(chartOf(own[0]?.context ?? '')?.title).toBe(`Connection Tracker ${title}`);
    }
  });

  const above = (condition = ''): number => Number(/: \((\d+)\)\)$/.exec(condition)?.[1]);

  it('has the thresholds of the alerts conntrack_snat_ports and conntrack_stuck', () => {
    const warnings = ['conntrack_snat_ports', 'conntrack_stuck'].map(
      (name) => alerts.find(({ template }) => template === name)?.['warn'],
    );
    expect(warnings.map(above)).toEqual([SNAT_PORTS_ABOVE, STUCK_ABOVE]);
  });

  it('has the thresholds of the alert conntrack_full', () => {
    const alert = alerts.find(({ alarm }) => alarm === 'conntrack_full');
    expect([above(alert?.['warn']), above(alert?.['crit'])]).toEqual([WARNING_ABOVE, CRITICAL_ABOVE]);
    expect(alert?.['on']).toBe('conntrack.utilization');
  });
});

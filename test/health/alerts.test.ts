/** The alerts against the charts that they look at. */

import { describe, expect, it } from 'vitest';

import { charts } from '../../charts/index.ts';
import { dimensionsOf, isRaised, variablesOf } from '../../docs/generate/health.ts';
import { alerts, project } from '../helpers/project.ts';

const byContext = new Map(charts.map((chart) => [chart.context, chart]));

describe('the alerts', () => {
  it('have names of their own', () => {
    const names = alerts.map(({ template }) => template);
    expect(names).toEqual([...new Set(names)]);
  });

  it.each(alerts)(
    '$template is named for what it is about: connection tracking, sockets, or conntrackd',
    ({ on = '', template }) => {
      const abouts: Readonly<Record<string, string>> = {
        netfilter: 'conntrack',
        network_connections: 'sockets',
        conntrackd: 'conntrackd',
      };
      const about = abouts[on.slice(0, on.indexOf('.'))];
      expect(template).toMatch(new RegExp(`^${about}_[a-z0-9_]+$`));
    },
  );

  it.each(alerts)('$template looks at a chart and a dimension that exist', ({ on = '', lookup, plugin }) => {
    const dimensions = byContext.get(on)?.dimensions.map(({ id }) => id);
    expect(dimensions).toBeDefined();
    expect(dimensions).toEqual(expect.arrayContaining(dimensionsOf(lookup)));
    expect(Object.keys(project.bin)).toContain(plugin);
  });

  it.each(alerts)('$template names only variables, dimensions and alerts of its chart', (alert) => {
    const { dimensions = [], variables = [] } = byContext.get(alert['on'] ?? '') ?? {};
    const known = [
      ...dimensions.map(({ id }) => id),
      ...variables.map(({ name }) => name),
      ...alerts
        .filter(({ on, template }) => on === alert['on'] && template !== alert['template'])
        .map(({ template }) => template),
    ];
    expect(known).toEqual(expect.arrayContaining(variablesOf(alert)));
  });

  it.each(alerts)('$template comes from something: a lookup, or a calculation', ({ lookup, calc }) => {
    expect([lookup, calc]).toContainEqual(expect.stringMatching(/\S/));
  });

  it.each(alerts)('$template is silent exactly when it is there for another one', (alert) => {
    const isUsed = alerts.some((other) => variablesOf(other).includes(alert['template'] ?? ''));
    expect({ raised: isRaised(alert), to: alert['to'] }).toEqual({
      raised: !isUsed,
      to: isUsed ? 'silent' : expect.not.stringMatching(/^silent$/),
    });
  });
});

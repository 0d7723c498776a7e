/** The alerts against the charts that they look at. */

import { describe, expect, it } from 'vitest';

import { chartOf, contextsOf } from '../../docs/generate/charts.ts';
import {
  dimensionsOf,
  distinctAlerts,
  isRaised,
  nameOf,
  thresholdOf,
  variablesOf,
} from '../../docs/generate/health.ts';
import { alerts, project } from '../helpers/project.ts';

/** The agent's own alert of a full table, which conntrack_full gives way to. */
const STOCK_ALERT = 'netfilter_conntrack_full';

const named = alerts.map((alert) => ({ name: nameOf(alert), alert }));

describe('the alerts', () => {
  it('have unique names, but for templates that differ only in the context of their chart', () => {
    for (const first of distinctAlerts(alerts)) {
      const same = alerts.filter((alert) => nameOf(alert) === nameOf(first));
      const chart = chartOf(first);
      const contexts = 'alarm' in first || chart === undefined ? [first['on']] : contextsOf(chart);
      // Agents 1.37 tell templates of one name apart only by their families.
      const expected = contexts.map((on, at) => ({ ...first, on, ...(at > 0 && { families: chart?.family }) }));
      expect(same).toEqual(expected);
    }
  });

  it.each(named)(
    '$name is named for what it is about: connection tracking, sockets, or conntrackd',
    ({ alert, name }) => {
      const abouts: Readonly<Record<string, string>> = {
        netfilter: 'conntrack',
        network_connections: 'sockets',
        conntrackd: 'conntrackd',
      };
      const [section = ''] = chartOf(alert)?.context.split('.') ?? [];
      const about = abouts[section];
      expect(name).toMatch(new RegExp(`^${about}_[a-z0-9_]+$`));
    },
  );

  it.each(named)('$name refers to an existing chart and dimension', ({ alert }) => {
    const dimensions = chartOf(alert)?.dimensions.map(({ id }) => id);
    expect(dimensions).toBeDefined();
    expect(dimensions).toEqual(expect.arrayContaining(dimensionsOf(alert['lookup'])));
  });

  it.each(named)('$name applies to each context of its chart, and to no chart of another plugin', ({ alert, name }) => {
    const isOfNamespaces = name.startsWith('conntrack_namespace_');
    const hasTwoContexts = chartOf(alert)?.contextBesideBuiltin !== undefined;
    // That of the host gives way to the agent's own alert; those of namespaces do not.
    const isOfHost = !isOfNamespaces && (hasTwoContexts || name === 'conntrack_full');
    expect('alarm' in alert).toBe(isOfHost);
    expect(alert['plugin']).toBe(isOfHost ? undefined : Object.keys(project.bin)[0]);
    // Agents 1.37 ignore the labels, and agents 2.x the ids.
    const { charts, 'chart labels': labels } = alert;
    expect([charts, labels]).toEqual(isOfNamespaces ? ['*_netns_*', 'netns=*'] : [undefined, undefined]);
  });

  it.each(['drops', 'insert_failed', 'full'])('on %s have the thresholds of the host for a namespace', (what) => {
    const [host, namespace] = ['conntrack_', 'conntrack_namespace_'].map((prefix) =>
      alerts.find((alert) => nameOf(alert) === `${prefix}${what}`),
    );
    const same = ['lookup', 'units', 'every', 'delay'] as const;
    expect(same.map((key) => namespace?.[key])).toEqual(same.map((key) => host?.[key]));
    expect([host?.['warn'], host?.['crit']].map(thresholdOf).map((text) => text.replace(/, while .*/, ''))).toEqual(
      [namespace?.['warn'], namespace?.['crit']].map(thresholdOf),
    );
  });

  it.each(named)(
    '$name uses only variables, dimensions and alerts of its chart, and the stock alert',
    ({ alert, name }) => {
      const { dimensions = [], variables = [] } = chartOf(alert) ?? {};
      const known = [
        ...dimensions.map(({ id }) => id),
        ...variables.map(({ name }) => name),
        ...alerts.filter((other) => other['on'] === alert['on'] && nameOf(other) !== name).map(nameOf),
        ...(name === 'conntrack_full' ? [STOCK_ALERT] : []),
      ];
      expect(known).toEqual(expect.arrayContaining(variablesOf(alert)));
    },
  );

  it.each(named)('$name has a lookup or a calculation', ({ alert: { lookup, calc } }) => {
    expect([lookup, calc]).toContainEqual(expect.stringMatching(/\S/));
  });

  it.each(named)('$name notifies no one exactly if other alerts use it', ({ alert, name }) => {
    const isUsed = alerts.some((other) => variablesOf(other).includes(name));
    expect({ raised: isRaised(alert), to: alert['to'] }).toEqual({
      raised: !isUsed,
      to: isUsed ? 'silent' : expect.not.stringMatching(/^silent$/),
    });
  });
});

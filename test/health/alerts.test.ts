/** The alerts against the charts that they look at. */

import { describe, expect, it } from 'vitest';

import { chartOf } from '../../docs/generate/charts.ts';
import { dimensionsOf, isRaised, nameOf, variablesOf } from '../../docs/generate/health.ts';
import { alerts, project } from '../helpers/project.ts';

/** The agent's own alert of a full table, which conntrack_full gives way to. */
const STOCK_ALERT = 'netfilter_conntrack_full';

const named = alerts.map((alert) => ({ name: nameOf(alert), alert }));

describe('the alerts', () => {
  it('have unique names', () => {
    const names = alerts.map(nameOf);
    expect(names).toEqual([...new Set(names)]);
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
    const hasTwoContexts = chartOf(alert)?.contextBesideBuiltin !== undefined;
    // That of the host gives way to the agent's own alert; those of namespaces do not.
    const isOfHost = hasTwoContexts || name === 'conntrack_full';
    expect('alarm' in alert).toBe(isOfHost);
    expect(alert['plugin']).toBe(isOfHost ? undefined : Object.keys(project.bin)[0]);
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

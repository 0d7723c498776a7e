/** The charts as data: well-formed, and whole. */

import { describe, expect, it } from 'vitest';

import { contextDescriptions, variableDescriptions } from '../../charts/descriptions.ts';
import { charts } from '../../charts/index.ts';
import { contextsInOrder, FIRST_PRIORITY } from '../../charts/priorities.ts';
import { Emitter } from '../../collector/agent/emit.ts';
import { chartsInOrder, INSTANCES, idsOf } from '../../docs/generate/charts.ts';
import { samples } from '../helpers/all_metrics.ts';

const byContext = new Map(charts.map((chart) => [chart.context, chart]));

describe('the charts', () => {
  it('have each context exactly once in the order of the dashboard', () => {
    const contexts = charts.flatMap(({ context, contextBesideBuiltin = context }) => [context, contextBesideBuiltin]);
    expect([...contextsInOrder].sort()).toEqual([...new Set(contexts)].sort());
  });

  it('come after the charts of the built-in collectors of connection tracking and SYNPROXY, which end with 8754', () => {
    expect(FIRST_PRIORITY).toBeGreaterThan(8754);
  });

  it('show what signals trouble before what explains it, and the collector itself last', () => {
    const families = chartsInOrder.map(({ family }) => family.replace(/^conntrackd .*/, 'conntrackd'));
    expect(families.filter((family, at) => family !== families[at - 1])).toEqual([
      ...['table', 'connections', 'errors', 'hot spots', 'composition', 'sockets', 'conntrackd'],
      ...['searches', 'expectations', 'cpus', 'collection'],
    ]);
  });

  it('have no more dimensions than the emitter has bits', () => {
    expect(Math.max(...charts.map(({ dimensions }) => dimensions.length))).toBeLessThan(32);
  });

  it('have unique ids, both as the agent stores them and as documented', () => {
    const all = charts.flatMap(({ dimensions, variables = [] }) => [...dimensions, ...variables]);
    const values = Object.fromEntries(all.map(({ metric }) => [metric, 1]));
    const host = { scope: 'host', instance: '', labels: {}, values } as const;
    const named = (['cpu', 'daemon', 'cache', 'link', 'queue'] as const).flatMap((scope) =>
      INSTANCES[scope].map((instance) => ({ scope, instance: instance.slice(1), labels: {}, values })),
    );
    const text = new Emitter({ charts, source: '' }).render(0, [
      { module: 'any', every: 1, samples: [host, ...named, ...samples.sockets] },
    ]);
    const ids = [...text.toString().matchAll(/^CHART (\S+)/gm)].map(([, id]) => id);
    expect(ids).toEqual([...new Set(ids)]);
    expect(ids.sort()).toEqual(charts.flatMap(idsOf).sort());
  });

  it('agree with every chart of the same context on scope, title, unit, type and dimensions', () => {
    for (const { context, scope, title, units, type, dimensions } of charts) {
      expect(byContext.get(context)).toMatchObject({ scope, title, units, type, dimensions });
    }
  });

  it.each(charts)(
    '$id of scope $scope has a well-formed id, context, title, unit and family',
    ({ id, context, contextBesideBuiltin = context, title, units, family }) => {
      expect(id).toMatch(/^[a-z][a-z0-9_]*$/);
      for (const one of [context, contextBesideBuiltin]) expect(one).toMatch(/^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/);
      expect(family).toMatch(/^[a-z][a-z0-9 ]*$/);
      for (const text of [title, units]) expect(text).toMatch(/^[^\s'"\\\p{C}](?:[^'"\\\p{C}]*[^\s'"\\\p{C}])?$/u);
    },
  );

  it.each(charts)(
    '$id of scope $scope has unique dimensions and variables with well-formed names',
    ({ dimensions, variables = [] }) => {
      const names = [...dimensions.map(({ id }) => id), ...variables.map(({ name }) => name)];
      expect(dimensions).not.toHaveLength(0);
      expect(names).toEqual([...new Set(names)]);
      for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
    },
  );

  it.each(charts)(
    '$id of scope $scope shows below the axis what the built-in collector shows there, and what leaves a daemon',
    ({ dimensions }) => {
      const builtIn = [
        'ignore',
        'invalid',
        'deleted',
        'delete_list',
        'restarted',
        'insert_failed',
        'drop',
        'early_drop',
      ];
      const below = [...builtIn, 'destroyed', 'sent', 'send'];
      const negative = dimensions.filter(({ multiplier }) => multiplier === -1);
      expect(negative.map(({ id }) => id)).toEqual(dimensions.map(({ id }) => id).filter((id) => below.includes(id)));
    },
  );

  it.each(charts.filter(({ units }) => units.endsWith('/s')))(
    '$id of scope $scope sends rates in thousandths',
    ({ dimensions }) => {
      expect(dimensions.map(({ divisor }) => divisor)).toEqual(dimensions.map(() => 1000));
    },
  );

  it('have a description of each context and each variable, and of nothing else', () => {
    const variables = charts.flatMap((chart) => (chart.variables ?? []).map(({ name }) => name));
    expect(Object.keys(contextDescriptions).sort()).toEqual([...byContext.keys()].sort());
    expect(Object.keys(variableDescriptions).sort()).toEqual([...new Set(variables)].sort());
  });
});

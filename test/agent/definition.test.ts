import { describe, expect, it, vi } from 'vitest';

import type { Chart } from '../../charts/types.ts';
import { chartLine, dimensionLine, idOf, suffixOf } from '../../collector/agent/definition.ts';

// So that a new chart on the dashboard does not move these.
vi.mock('../../charts/priorities.ts', () => ({ FIRST_PRIORITY: 4200, contextsInOrder: ['test.cpu', 'test.wells'] }));

const WELLS: Chart = {
  id: 'wells',
  scope: 'host',
  title: 'Depth of wells',
  units: 'm',
  family: 'water',
  context: 'test.wells',
  type: 'area',
  module: 'probe',
  detail: true,
  dimensions: [{ id: 'depth', metric: 'depth' }],
};

describe('the definition of a chart', () => {
  it.each([
    ['of the host', '', '' as const, "CHART conntrack.wells '' ", "'detail'"],
    ['of an instance', 'netns_blue', '' as const, "CHART conntrack.wells_netns_blue '' ", "'detail'"],
    ['that is obsolete', 'cpu7', 'obsolete' as const, "CHART conntrack.wells_cpu7 '' ", "'detail obsolete'"],
  ])('%s has its id, its place on the dashboard and its interval', (_which, instance, option, start, options) => {
    expect(chartLine(WELLS, instance, 3, option)).toBe(
      `${start}'Depth of wells' 'm' 'water' 'test.wells' area 4201 3 ${options} 'conntrack.plugin' 'probe'\n`,
    );
  });

  it('has dimensions with a multiplier and a divisor', () => {
    expect(dimensionLine({ id: 'depth', metric: 'd', multiplier: -1, divisor: 40 })).toBe(
      "DIMENSION 'depth' 'depth' absolute -1 40\n",
    );
  });
});

describe('the id of a chart', () => {
  it('ends with the suffix of its instance', () => {
    expect([idOf(WELLS, ''), suffixOf('')]).toEqual(['conntrack.wells', '']);
    expect([idOf(WELLS, 'cpu7'), suffixOf('cpu7')]).toEqual(['conntrack.wells_cpu7', '_cpu7']);
  });
});

import { describe, expect, it } from 'vitest';

import { RemainingTime } from '../../../collector/modules/flows/remaining_time.ts';
import { flowEntry } from '../../helpers/flow_entry.ts';

function counts(timeouts: readonly number[], scale = 1): Record<string, number | undefined> {
  const remaining = new RemainingTime();
  for (const timeout of timeouts) {
    remaining.add(flowEntry({ original: { from: '10.0.0.1', to: '10.0.0.2' }, timeout }).flow);
  }
  const values = {};
  remaining.fill(values, scale);
  return values;
}

const NONE = counts([]);

describe('the remaining time', () => {
  it.each([
    ['remaining_under_10s', [0, 1, 9]],
    ['remaining_under_1m', [10, 29, 59]],
    ['remaining_under_10m', [60, 120, 599]],
    ['remaining_under_1h', [600, 3599]],
    ['remaining_under_1d', [3600, 86_399]],
    ['remaining_longer', [86_400, 432_000, 0xffffffff]],
  ])('is counted in %s if it is %j seconds', (metric, timeouts) => {
    expect(counts(timeouts)).toEqual({ ...NONE, [metric]: timeouts.length });
  });

  it('is 0 in every range of an empty table', () => {
    expect(Object.values(NONE)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('does not count an offloaded connection, which has none', () => {
    expect(counts([-1])).toEqual(NONE);
  });

  it('is scaled to the whole table', () => {
    expect(counts([30, 30], 12.5)).toEqual({ ...NONE, remaining_under_1m: 25 });
  });
});

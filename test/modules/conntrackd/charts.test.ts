import { describe, expect, it } from 'vitest';

import { conntrackdCharts } from '../../../charts/conntrackd.ts';
import type { Dimension } from '../../../charts/types.ts';
import { readAnswer } from '../../../collector/modules/conntrackd/answer.ts';
import { FactSheet } from '../../../collector/modules/conntrackd/facts.ts';
import { FORMATS } from '../../helpers/conntrackd_formats.ts';
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

const counters = new Set(
  [...everything(1n).all()].flatMap(({ counters: all, subject }) =>
    [...all.keys()].map((metric) => `${subject.scope} ${metric}`),
  ),
);

describe('the charts of conntrackd', () => {
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

  it('have the context of their id', () => {
    for (const { context, id } of conntrackdCharts) expect(id.replace('conntrackd_', 'conntrackd.')).toBe(context);
  });
});

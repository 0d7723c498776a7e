/** The counter of reported connections that the soak compares with those that were made. */

import { describe, expect, it } from 'vitest';

import { ReportedFlows } from './flows.ts';

const STREAM = `CHART conntrack.new "" "New connections" "connections/s" new netfilter.conntrack_new area
BEGIN conntrack.new
SET new = 999000
END
BEGIN conntrack.new 1000000
SET new = 301250
SET ignored = 7
END
BEGIN conntrack.changes 1000000
SET new = 50000
END
BEGIN conntrack.new 2000000
SET new = 4375
END
`;

describe('reported connections', () => {
  it('are the rates of the chart, each times its interval, except the first, which has none', () => {
    const flows = new ReportedFlows();
    flows.add(STREAM);
    expect(flows.count()).toBe(Math.round(301.25 + 2 * 4.375));
  });

  it('are the same wherever the stream is split', () => {
    for (let cut = 0; cut <= STREAM.length; cut++) {
      const flows = new ReportedFlows();
      flows.add(STREAM.slice(0, cut));
      flows.add(STREAM.slice(cut));
      expect(flows.count()).toBe(310);
    }
  });
});

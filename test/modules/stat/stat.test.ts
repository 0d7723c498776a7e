import { describe, expect, it, vi } from 'vitest';

import { RecordedHost, SETTINGS } from '../../helpers/recorded_host.ts';
import { NAMES, statRow } from '../../helpers/stat_text.ts';

const LIMITS = { [`${SETTINGS}max`]: '4000\n', [`${SETTINGS}buckets`]: '1024\n', [`${SETTINGS}expect_max`]: '96\n' };

describe('module stat', () => {
  it('returns gauges from the first reading and rates from the second', () => {
    const host = new RecordedHost(LIMITS);
    host.stat(NAMES, statRow({ entries: 1000, invalid: 10 }), statRow({ entries: 1000, invalid: 5 }));
    const gauges = { connections: 1000, max: 4000, utilization: 25, buckets: 1024, load: 1000 / 1024, expect_max: 96 };
    expect(host.values(100)).toEqual(gauges);

    host.stat(
      NAMES,
      statRow({ entries: 1200, invalid: 13, drop: 1 }),
      statRow({ entries: 1200, invalid: 5, clashres: 7, chainlength: 2, insert: 11 }),
    );
    expect(host.values(102)).toMatchObject({
      connections: 1200,
      utilization: 30,
      invalid: 1.5,
      drop: 0.5,
      clash_resolved: 3.5,
      chain_too_long: 1,
      inserted: 5.5,
      early_drop: 0,
    });
  });

  it('reads the number of entries once, although every row has it', () => {
    const host = new RecordedHost();
    host.stat(NAMES, ...[1, 2, 3, 4].map(() => statRow({ entries: 531 })));
    expect(host.values(1)).toEqual({ connections: 531 });
  });

  it('keeps its files open and accesses no others at later updates', () => {
    const host = new RecordedHost(LIMITS);
    host.stat(NAMES, statRow({ entries: 1 }));
    host.values(0);
    const others = (['openSync', 'statSync', 'readFileSync'] as const).map((call) => vi.spyOn(host.volume, call));
    for (let second = 1; second <= 60; second++) host.values(second);
    for (const call of others) expect(call).not.toHaveBeenCalled();
  });
});

import { describe, expect, it } from 'vitest';

import { RecordedHost } from '../../helpers/recorded_host.ts';
import { NAMES, OLD_NAMES, statRow } from '../../helpers/stat_text.ts';

describe('the rates of module stat', () => {
  it('have one metric for each column', () => {
    const host = new RecordedHost();
    host.stat(
      NAMES,
      NAMES.map(() => 0),
    );
    host.values(1);
    host.stat(
      NAMES,
      NAMES.map((_, column) => column + 100),
    );
    expect(host.values(2)).toEqual({
      connections: 100,
      clash_resolved: 101,
      found: 102,
      new: 103,
      invalid: 104,
      ignore: 105,
      deleted: 106,
      chain_too_long: 107,
      inserted: 108,
      insert_failed: 109,
      drop: 110,
      early_drop: 111,
      icmp_error: 112,
      expect_new: 113,
      expect_created: 114,
      expect_deleted: 115,
      search_restart: 116,
    });
  });

  it('leave out columns that this kernel does not count', () => {
    const host = new RecordedHost({ '/proc/sys/kernel/osrelease': '5.4.0-216-generic\n' });
    host.stat(OLD_NAMES, statRow({ entries: 7, ignore: 3 }, OLD_NAMES));
    host.values(1);
    const values = host.values(2);
    for (const metric of ['new', 'deleted', 'delete_list', 'searched']) expect(values).not.toHaveProperty(metric);
    expect(values).toMatchObject({ ignore: 0, invalid: 0, found: 0 });
  });

  it('include a column that was always 0 once it is nonzero', () => {
    const host = new RecordedHost({ '/proc/sys/kernel/osrelease': 'vendor-kernel\n' });
    host.stat(OLD_NAMES, statRow({ entries: 7 }, OLD_NAMES));
    host.values(1);
    host.stat(OLD_NAMES, statRow({ entries: 7, new: 21 }, OLD_NAMES));
    expect(host.values(2)).toMatchObject({ new: 21 });
    expect(host.values(3)).toMatchObject({ new: 0 });
    expect(host.values(3)).not.toHaveProperty('searched');
  });

  it('take a nonzero column "searched" since Linux 4.9 for resolved clashes, also per CPU', () => {
    const host = new RecordedHost({ '/proc/sys/kernel/osrelease': '4.18.0-vendor\n' }, { per_cpu: true });
    host.stat(OLD_NAMES, statRow({ entries: 7 }, OLD_NAMES));
    host.collect(1);
    host.stat(OLD_NAMES, statRow({ entries: 7, searched: 13 }, OLD_NAMES));
    const samples = host.collect(2);
    expect(samples.map(({ values }) => values)).toEqual([
      expect.objectContaining({ clash_resolved: 13 }),
      expect.objectContaining({ clash_resolved: 13 }),
    ]);
    for (const { values } of samples) expect(values).not.toHaveProperty('searched');
  });

  it('have a gap and no spike when the counters restart from 0, and continue afterwards', () => {
    const host = new RecordedHost();
    host.stat(NAMES, statRow({ entries: 5, invalid: 4_294_967_290, found: 4_294_967_000 }));
    host.values(1);
    host.stat(NAMES, statRow({ entries: 1 }));
    expect(host.values(2)).toEqual({ connections: 1 });
    expect(host.saidOfStatistics).toEqual(['info "the counters started again from 0"']);
    host.stat(NAMES, statRow({ entries: 2, invalid: 3 }));
    expect(host.values(3)).toMatchObject({ invalid: 3, found: 0 });
  });

  it('stay exact when a counter of one CPU wraps', () => {
    const host = new RecordedHost();
    host.stat(NAMES, statRow({ entries: 5, invalid: 0xffff_ff00 }), statRow({ entries: 5, invalid: 77 }));
    host.values(1);
    host.stat(NAMES, statRow({ entries: 5, invalid: 0x10 }), statRow({ entries: 5, invalid: 80 }));
    expect(host.values(2)).toMatchObject({ invalid: 275 });
  });

  it('have a gap when the number of CPUs changes', () => {
    const host = new RecordedHost();
    host.stat(NAMES, statRow({ entries: 5, drop: 100 }));
    host.values(1);
    host.stat(NAMES, statRow({ entries: 5, drop: 200 }), statRow({ entries: 5, drop: 300 }));
    expect(host.values(2)).toEqual({ connections: 5 });
    host.stat(NAMES, statRow({ entries: 5, drop: 202 }), statRow({ entries: 5, drop: 303 }));
    expect(host.values(3)).toMatchObject({ drop: 5 });
  });

  it('per CPU have the number of the CPU', () => {
    const host = new RecordedHost({ '/sys/devices/system/cpu/possible': '0,4-5\n' }, { per_cpu: true });
    const rows = (first: number, second: number, third: number): void =>
      host.stat(NAMES, ...[first, second, third].map((drop) => statRow({ entries: 9, drop })));
    rows(10, 20, 30);
    expect(host.collect(1).map((sample) => sample.scope)).toEqual(['host']);
    rows(12, 23, 35);
    const [, ...cpus] = host.collect(2);
    expect(cpus.map(({ instance, labels, values }) => [instance, labels['cpu'], values['drop']])).toEqual([
      ['cpu0', 'cpu0', 2],
      ['cpu4', 'cpu4', 3],
      ['cpu5', 'cpu5', 5],
    ]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { AnsweringHost, USE } from '../../helpers/answering_host.ts';
import { error, statistics } from '../../helpers/netlink_channel.ts';
import { RecordedHost, SETTINGS } from '../../helpers/recorded_host.ts';
import { NAMES, statRow } from '../../helpers/stat_text.ts';

const COUNT = `${SETTINGS}count`;
const LIMITS = { [`${SETTINGS}max`]: '4000\n', [`${SETTINGS}buckets`]: '1024\n', [`${SETTINGS}expect_max`]: '96\n' };

/** The counters after each has grown by `step`. */
function grown<T extends Record<string, number>>(counters: T, step: number): T {
  return { ...counters, ...Object.fromEntries(Object.entries(counters).map(([name, value]) => [name, value + step])) };
}

describe('the statistics over netlink', () => {
  it('give the same metrics as the file, for each CPU by its number', () => {
    const host = new AnsweringHost(LIMITS, { perCpu: true, readFrom: 'netlink' });
    host.use = [statistics({ entries: 1000, max: 4000 })];
    host.cpus = new Map([
      [0, { drop: 10, expect_new: 500 }],
      [4, { drop: 20, invalid: 7 }],
    ]);
    const gauges = { connections: 1000, max: 4000, utilization: 25, buckets: 1024, load: 1000 / 1024, expect_max: 96 };
    expect(host.values(100)).toEqual(gauges);

    host.use = [statistics({ entries: 1200, max: 4000 })];
    host.cpus = new Map([
      [0, { drop: 13, expect_new: 501 }],
      [4, { drop: 31, invalid: 8, clashres: 2, chainlength: 5 }],
    ]);
    const [whole, ...cpus] = host.collect(102);
    expect(whole?.values).toMatchObject({
      ...{ connections: 1200, utilization: 30, load: 1200 / 1024 },
      ...{ drop: 7, invalid: 0.5, expect_new: 0.5, clash_resolved: 1, chain_too_long: 2.5, early_drop: 0 },
    });
    expect(
      cpus.map(({ instance, labels, values }) => [instance, labels['cpu'], values['drop'], values['invalid']]),
    ).toEqual([
      ['cpu0', 'cpu0', 1.5, 0],
      ['cpu4', 'cpu4', 5.5, 0.5],
    ]);
    expect(host.logged).toEqual([]);
  });

  it('give the same samples as the file for the same counters', () => {
    const counters = fc.record({
      ...{ found: fc.nat(), invalid: fc.nat(), insert: fc.nat(), insert_failed: fc.nat(), drop: fc.nat() },
      ...{ early_drop: fc.nat(), icmp_error: fc.nat(), search_restart: fc.nat(), clashres: fc.nat() },
      ...{ chainlength: fc.nat(), expect_new: fc.nat(), expect_create: fc.nat(), expect_delete: fc.nat() },
    });
    const growth = fc.array(fc.tuple(fc.nat(50_000), fc.nat(50_000)), { minLength: 1, maxLength: 5 });
    const files = { ...LIMITS, '/sys/devices/system/cpu/possible': '0,4\n' };
    fc.assert(
      fc.property(counters, counters, growth, fc.nat(4000), (first, second, steps, entries) => {
        const overNetlink = new AnsweringHost(files, { perCpu: true });
        const fromFile = new RecordedHost(files, { per_cpu: true });
        overNetlink.use = [statistics({ entries })];
        let rows = [first, second];
        for (const [at, step] of [[0, 0] as const, ...steps].entries()) {
          rows = rows.map((row, cpu) => grown(row, step[cpu] ?? 0));
          overNetlink.cpus = new Map(rows.map((row, cpu) => [cpu === 0 ? 0 : 4, row]));
          fromFile.stat(NAMES, ...rows.map((row) => statRow({ entries, ...row })));
          const samples = fromFile.collect(at);
          expect(samples).toHaveLength(at === 0 ? 1 : 3);
          expect(overNetlink.collect(at)).toEqual(samples);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('count a wrap exactly and leave a gap for a reset', () => {
    const host = new AnsweringHost({}, { readFrom: 'netlink' });
    host.counts({ invalid: 0xffff_ff00, found: 77 });
    host.values(1);
    host.counts({ invalid: 0x10, found: 80 });
    expect(host.values(2)).toMatchObject({ invalid: 272, found: 3 });
    host.counts({});
    expect(host.values(3)).toEqual(USE);
    host.counts({ found: 4 });
    expect(host.values(4)).toMatchObject({ found: 4, invalid: 0 });
  });

  it('start a new baseline when the number of CPUs changes', () => {
    const host = new AnsweringHost({}, { readFrom: 'netlink', perCpu: true });
    host.counts({ drop: 100 });
    host.values(1);
    const both = (drop: number): void => {
      host.cpus = new Map([
        [0, { drop: 100 + drop }],
        [9, { drop: 700 + drop }],
      ]);
    };
    both(0);
    expect(host.values(2)).toEqual(USE);
    both(2);
    expect(host.collect(3).map(({ instance, values }) => [instance, values['drop']])).toEqual([
      ['', 4],
      ['cpu0', 2],
      ['cpu9', 2],
    ]);
  });

  it('are read over one channel, which is closed with the module', () => {
    const host = new AnsweringHost({}, { readFrom: 'netlink' });
    for (let second = 0; second < 30; second++) host.values(second);
    expect(host.channels).toHaveLength(1);
    expect(host.asked).toBe(30);
    host.module.close();
    expect(host.channels[0]?.isClosed).toBe(true);
  });
});

describe('the limit of entries over netlink', () => {
  it.each<[string, Readonly<Record<string, string>>, number, number | undefined, Readonly<Record<string, number>>]>([
    ['is used if the setting cannot be read', {}, 300, 1200, { connections: 300, max: 1200, utilization: 25 }],
    [
      'is used if the setting is malformed',
      { [`${SETTINGS}max`]: 'many\n' },
      300,
      1200,
      { connections: 300, max: 1200, utilization: 25 },
    ],
    [
      'is used instead of the setting',
      { [`${SETTINGS}max`]: '600\n' },
      300,
      1200,
      { connections: 300, max: 1200, utilization: 25 },
    ],
    ['means no limit if it is 0', {}, 300, 0, { connections: 300 }],
    ['is unknown if an old kernel does not send it', {}, 300, undefined, { connections: 300 }],
  ])('%s', (_what, files, entries, max, expected) => {
    const host = new AnsweringHost(files, { readFrom: 'netlink' });
    host.use = [statistics(max === undefined ? { entries } : { entries, max })];
    expect(host.values(0)).toEqual(expected);
  });

  it('prevents the log line about an unknown limit', () => {
    const host = new AnsweringHost({}, { readFrom: 'netlink' });
    expect(host.values(0)).toHaveProperty('utilization', 16);
    expect(host.logged.filter((line) => line.includes('used share'))).toEqual([]);
  });

  it('is forgotten when netlink fails', () => {
    const host = new AnsweringHost({ [COUNT]: '3000\n' }, { readFrom: 'netlink' });
    expect(host.values(0)).toEqual(USE);
    host.use = [error(1)];
    expect(host.values(1)).toEqual({ connections: 3000 });
  });
});

import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';

import { ProblemError } from '../../../collector/modules/problem.ts';
import type { StatSettings } from '../../../collector/modules/stat/stat.ts';
import {
  attribute,
  type CpuCounters,
  cpuStatistics,
  done,
  type ExpectationCounters,
  error,
  expectationStatistics,
  FakeChannel,
  netfilter,
  number,
  type Receipt,
  statistics,
} from '../../helpers/netlink_channel.ts';
import { RecordedHost, SETTINGS, STAT } from '../../helpers/recorded_host.ts';
import { NAMES, statRow } from '../../helpers/stat_text.ts';

const COUNT = `${SETTINGS}count`;
const LIMITS = { [`${SETTINGS}max`]: '4000\n', [`${SETTINGS}buckets`]: '1024\n', [`${SETTINGS}expect_max`]: '96\n' };

type Counters = CpuCounters & ExpectationCounters;

interface HostOptions {
  readonly perCpu?: boolean;
  readonly readFrom?: StatSettings['read_from'];
  readonly required?: boolean;
}

/** A host whose kernel answers over netlink, besides whatever files it has. */
class AnsweringHost extends RecordedHost {
  /** Every channel that was opened, in order. */
  readonly channels: FakeChannel[];
  /** The answer to the question for the use of the table. */
  use: Receipt = [statistics({ entries: 640, max: 4000 })];
  /** The counters by the numbers of CPUs. */
  cpus: ReadonlyMap<number, Counters> = new Map([[0, {}]]);
  /** Instead of a channel. */
  failure: Error | undefined;

  constructor(files: Readonly<Record<string, string>> = {}, options: HostOptions = {}) {
    const channels: FakeChannel[] = [];
    const { perCpu = false, readFrom = 'auto', required = false } = options;
    const settings = { enabled: required || 'auto', per_cpu: perCpu, read_from: readFrom } as const;
    super(files, settings, { ctnetlink: () => this.#open() });
    this.channels = channels;
  }

  #open(): FakeChannel {
    if (this.failure !== undefined) throw this.failure;
    const channel = new FakeChannel({ slots: 1, slotSize: 32 * 1024, around: new Uint8Array(1024).fill(0xff) });
    channel.replyWith('statistics', () => [this.use]);
    channel.replyWith('cpuStatistics', () => this.#answer(cpuStatistics));
    channel.replyWith('expectationStatistics', () => this.#answer(expectationStatistics));
    this.channels.push(channel);
    return channel;
  }

  #answer(describe: (cpu: number, counters: Counters) => Uint8Array): readonly Receipt[] {
    return [[[...this.cpus].map(([cpu, counters]) => describe(cpu, counters))], [done()]];
  }

  /** The only CPU counts this. */
  counts(counters: Counters): void {
    this.cpus = new Map([[0, counters]]);
  }

  /** How often the kernel was asked for the use of the table. */
  get timesAskedForUse(): number {
    return this.channels.reduce((sum, channel) => sum + channel.timesAsked('statistics'), 0);
  }

  /** How often the kernel was asked for its counters. */
  get asked(): number {
    return this.channels.reduce((sum, channel) => sum + channel.timesAsked('cpuStatistics'), 0);
  }
}

/** Every counter has counted so much more. */
function grown<T extends Record<string, number>>(counters: T, step: number): T {
  return { ...counters, ...Object.fromEntries(Object.entries(counters).map(([name, value]) => [name, value + step])) };
}

/** What the kernel tells of the table as long as a test has it tell nothing else. */
const USE = { connections: 640, max: 4000, utilization: 16 };

const UNLOADED = new ProblemError('tracking_not_loaded', 'ctnetlink');

describe('the statistics over netlink', () => {
  it('are drawn like those of the file, CPU by CPU, by the numbers that the CPUs have', () => {
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

  it('are the same samples as those of the file for the same counters', () => {
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

  it('take the wrap of a counter exactly, and a reset of all for what it is', () => {
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

  it('begin anew when the number of CPUs changes', () => {
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

  it('are asked for over one channel, which is closed with the module', () => {
    const host = new AnsweringHost({}, { readFrom: 'netlink' });
    for (let second = 0; second < 30; second++) host.values(second);
    expect(host.channels).toHaveLength(1);
    expect(host.asked).toBe(30);
    host.module.close();
    expect(host.channels[0]?.isClosed).toBe(true);
  });
});

describe('the limit that the kernel tells over netlink', () => {
  it.each<[string, Readonly<Record<string, string>>, number, number | undefined, Readonly<Record<string, number>>]>([
    ['is used where no setting can be read', {}, 300, 1200, { connections: 300, max: 1200, utilization: 25 }],
    [
      'is used where the setting holds no number',
      { [`${SETTINGS}max`]: 'many\n' },
      300,
      1200,
      { connections: 300, max: 1200, utilization: 25 },
    ],
    [
      'is used beside the setting, which need not be read',
      { [`${SETTINGS}max`]: '600\n' },
      300,
      1200,
      { connections: 300, max: 1200, utilization: 25 },
    ],
    ['that is 0 is none', {}, 300, 0, { connections: 300 }],
    ['that an old kernel does not tell is not guessed', {}, 300, undefined, { connections: 300 }],
  ])('%s', (_what, files, entries, max, expected) => {
    const host = new AnsweringHost(files, { readFrom: 'netlink' });
    host.use = [statistics(max === undefined ? { entries } : { entries, max })];
    expect(host.values(0)).toEqual(expected);
  });

  it('keeps the log from saying that the used share is not drawn', () => {
    const host = new AnsweringHost({}, { readFrom: 'netlink' });
    expect(host.values(0)).toHaveProperty('utilization', 16);
    expect(host.logged.filter((line) => line.includes('used share'))).toEqual([]);
  });

  it('is forgotten when it is told no more', () => {
    const host = new AnsweringHost({ [COUNT]: '3000\n' }, { readFrom: 'netlink' });
    expect(host.values(0)).toEqual(USE);
    host.use = [error(1)];
    expect(host.values(1)).toEqual({ connections: 3000 });
  });
});

describe('the source of the statistics', () => {
  it('is the file alone when that is asked for: nothing is asked over netlink', () => {
    const host = new AnsweringHost({ ...LIMITS, [COUNT]: '3000\n' }, { readFrom: 'procfs' });
    for (let second = 0; second < 100; second++) expect(host.values(second)).toMatchObject({ connections: 3000 });
    host.stat(NAMES, statRow({ entries: 3100 }));
    expect(host.values(100)).toMatchObject({ connections: 3100 });
    host.write(STAT, '');
    expect(host.values(101)).toMatchObject({ connections: 3000 });
    expect(host.channels).toEqual([]);
  });

  it('is netlink alone when that is asked for: the file is never opened', () => {
    const host = new AnsweringHost({ ...LIMITS, [COUNT]: '3000\n' }, { readFrom: 'netlink' });
    host.stat(NAMES, statRow({ entries: 3100 }));
    const open = vi.spyOn(host.volume, 'openSync');
    for (let second = 0; second < 30; second++) expect(host.values(second)).toMatchObject({ connections: 640 });
    host.use = [error(1)];
    for (let second = 30; second < 100; second++) expect(host.values(second)).toMatchObject({ connections: 3000 });
    expect(open).toHaveBeenCalled();
    expect(open.mock.calls.map(([path]) => path)).not.toContain(STAT);
  });

  it('is the file when it may be either, for as long as the file is there', () => {
    const host = new AnsweringHost(LIMITS);
    host.stat(NAMES, statRow({ entries: 3100 }));
    for (let second = 0; second < 70; second++) expect(host.values(second)).toMatchObject({ connections: 3100 });
    expect(host.channels).toEqual([]);
    expect(host.logged).toEqual([]);
  });

  it.each([
    ['is torn', 'entries drop\n00000001', undefined],
    ['may not be read', undefined, 'EACCES'],
    ['cannot be read', undefined, 'EIO'],
  ])('is not netlink where the file is there but %s', (_what, text, code) => {
    const host = new AnsweringHost({ ...LIMITS, [COUNT]: '3000\n' });
    host.write(STAT, text ?? '');
    if (code !== undefined) {
      const open = host.volume.openSync.bind(host.volume);
      vi.spyOn(host.volume, 'openSync').mockImplementation((path, flags) => {
        if (path === STAT) throw Object.assign(new Error(`${code}: it does not work`), { code });
        return open(path, flags);
      });
    }
    for (let second = 0; second < 70; second++) expect(host.values(second)).toMatchObject({ connections: 3000 });
    expect(host.channels).toEqual([]);
    expect(host.saidOfStatistics).toEqual([expect.stringMatching(/^warning "the statistics cannot be used/)]);
  });

  it('is netlink where there is no file, which is looked for every ten seconds and preferred when it appears', () => {
    const host = new AnsweringHost({ ...LIMITS, [COUNT]: '3000\n' });
    host.counts({ drop: 50_000 });
    expect(host.values(0)).toMatchObject({ connections: 640, utilization: 16 });
    host.counts({ drop: 50_003 });
    expect(host.values(1)).toMatchObject({ connections: 640, drop: 3 });
    expect(host.saidOfStatistics).toEqual([
      'info "the kernel has no statistics file: the statistics are read over netlink"',
    ]);

    host.stat(NAMES, statRow({ entries: 3100, drop: 70_000 }));
    for (let second = 2; second < 10; second++)
      expect(host.values(second)).toMatchObject({ connections: 640, drop: 0 });
    const asked = host.asked;
    // Another source has other counters: no difference between the two is drawn.
    expect(host.values(10)).toMatchObject({ connections: 3100 });
    expect(host.values(10)).not.toHaveProperty('drop', 19_997);
    host.stat(NAMES, statRow({ entries: 3100, drop: 70_004 }));
    expect(host.values(12)).toMatchObject({ connections: 3100, drop: 2 });
    expect(host.asked).toBe(asked);
    expect(host.channels.map(({ isClosed }) => isClosed)).toEqual([true]);
    expect(host.saidOfStatistics.slice(1)).toEqual([
      expect.stringMatching(/^info "the statistics can be read" path=\/proc\/net\/stat\/nf_conntrack$/),
    ]);
  });

  it('is netlink when the file vanishes, without a spike, and the file when it is back', () => {
    const host = new AnsweringHost(LIMITS);
    host.stat(NAMES, statRow({ entries: 900, drop: 5000 }));
    host.values(0);
    host.remove(STAT);
    host.counts({ drop: 90_000 });
    expect(host.values(1)).not.toHaveProperty('drop');
    host.counts({ drop: 90_006 });
    expect(host.values(2)).toMatchObject({ connections: 640, drop: 6 });
    host.stat(NAMES, statRow({ entries: 900, drop: 8000 }));
    const values = Array.from({ length: 10 }, (_, index) => host.values(3 + index));
    expect(values.filter((known) => known?.['drop'] === undefined)).toHaveLength(1);
    expect(values.at(-1)).toMatchObject({ connections: 900, drop: 0 });
    expect(host.saidOfStatistics.map((line) => line.split(' ', 1)[0])).toEqual(['info', 'info']);
  });
});

describe('statistics that cannot be had over netlink', () => {
  it.each([
    ['auto', false, 'notice'],
    ['auto', true, 'notice'],
    ['netlink', false, 'warning'],
    ['netlink', true, 'error'],
  ] as const)(
    'leave the use of the table; reading from %s, required (%s), that is a %s',
    (readFrom, required, level) => {
      const host = new AnsweringHost({ ...LIMITS, [COUNT]: '3000\n' }, { readFrom, required });
      host.use = [error(1)];
      for (let second = 0; second < 60; second++) {
        expect(host.values(second)).toEqual({
          ...{ connections: 3000, max: 4000, utilization: 75 },
          ...{ buckets: 1024, load: 3000 / 1024, expect_max: 96 },
        });
      }
      expect(host.channels.map(({ isClosed }) => isClosed)).toEqual([true, true]);
      expect(host.saidOfStatistics.filter((line) => line.includes('netlink'))).toEqual([
        expect.stringMatching(
          new RegExp(
            `^${level} "the statistics cannot be read over netlink: .*" code=no_capability errno=EPERM retry=30s$`,
          ),
        ),
      ]);
    },
  );

  it.each(['auto', 'netlink'] as const)(
    'for a moment, reading from %s, are back at once, also where no setting tells that tracking goes on',
    (readFrom) => {
      const host = new AnsweringHost({}, { readFrom });
      for (let second = 0; second < 10; second++) host.collect(second);
      host.use = [error(16)];
      expect(host.values(10)).toBeUndefined();
      host.use = [statistics({ entries: 641, max: 4000 })];
      expect(host.values(11)).toMatchObject({ connections: 641 });
      expect(host.saidOfStatistics.join()).not.toContain('not loaded');
    },
  );

  it('do not make the log say that a file is gone which never was', () => {
    const host = new AnsweringHost({ ...LIMITS, [COUNT]: '3000\n' });
    host.values(100);
    host.use = [error(1)];
    for (let second = 101; second <= 110; second++) expect(host.values(second)).toMatchObject({ connections: 3000 });
    expect(host.saidOfStatistics.at(-1)).toMatch(/^notice "the kernel has no statistics file \(/);
  });

  it('are tried again every half minute, and drawn when they can be', () => {
    const host = new AnsweringHost({ [COUNT]: '3000\n' }, { readFrom: 'netlink' });
    host.use = [error(1)];
    host.values(0);
    host.use = [statistics({ entries: 640 })];
    for (let second = 1; second < 30; second++) expect(host.values(second)).toEqual({ connections: 3000 });
    expect(host.values(30)).toEqual({ connections: 640 });
    expect(host.values(31)).toMatchObject({ connections: 640, drop: 0 });
    expect(host.saidOfStatistics.slice(1)).toEqual(['info "the statistics can be read over netlink"']);
  });

  it('a single time are tried again at once, and the rates go on', () => {
    const host = new AnsweringHost({ [COUNT]: '3000\n' }, { readFrom: 'netlink' });
    host.counts({ drop: 100 });
    host.values(0);
    host.counts({ drop: 103 });
    expect(host.values(1)).toMatchObject({ connections: 640, drop: 3 });
    const { use } = host;
    host.use = [error(16)];
    expect(host.values(2)).toEqual({ connections: 3000 });
    expect(host.channels.map(({ isClosed }) => isClosed)).toEqual([true]);
    host.use = use;
    host.counts({ drop: 110 });
    expect(host.values(3)).toEqual(USE);
    host.counts({ drop: 115 });
    expect(host.values(4)).toMatchObject({ connections: 640, drop: 5 });
    expect(host.channels.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    expect(host.saidOfStatistics).toEqual([
      expect.stringMatching(/^warning "the statistics cannot be read over netlink: .*EBUSY/),
      'info "the statistics can be read over netlink again"',
    ]);
  });

  it('are tried again at every update for a minute since they were had last, and seldom from then on', () => {
    const host = new AnsweringHost({ [COUNT]: '3000\n' }, { readFrom: 'netlink' });
    host.values(0);
    host.values(1);
    host.use = [error(16)];
    const triedAt: number[] = [];
    for (let second = 2; second <= 130; second++) {
      const before = host.timesAskedForUse;
      expect(host.values(second)).toEqual({ connections: 3000 });
      if (host.timesAskedForUse > before) triedAt.push(second);
    }
    const eagerly = Array.from({ length: 60 }, (_, index) => 2 + index);
    expect(triedAt).toEqual([...eagerly, 91, 121]);
    expect(host.saidOfStatistics).toHaveLength(1);
  });

  it('because a CPU does not tell what the others tell, are no guess', () => {
    const channel = new FakeChannel();
    channel.reply('statistics', [statistics({ entries: 640 })]);
    const poor = netfilter({ type: 0x104, flags: 2 }, { resource: 7 }, attribute(2, number(1, 4)));
    channel.reply('cpuStatistics', [cpuStatistics(0), poor], [done()]);
    channel.reply('expectationStatistics', [done()]);
    const host = new RecordedHost({ [COUNT]: '3000\n' }, { read_from: 'netlink' }, { ctnetlink: () => channel });
    expect(host.values(0)).toEqual({ connections: 3000 });
    expect(host.saidOfStatistics).toEqual([expect.stringMatching(/the statistics of CPU 7 have no invalid/)]);
  });

  it.each<[string, Partial<Pick<AnsweringHost, 'use' | 'failure'>>, RegExp]>([
    [
      'the host lives elsewhere',
      { failure: new ProblemError('other_namespace', 'ctnetlink') },
      / code=other_namespace /,
    ],
    ['the kernel does not know the question', { use: [error(22)] }, /modprobe nf_conntrack_netlink/],
    ['the kernel does not answer', { use: [] }, /ask ctnetlink for the number of entries: the answer broke off/],
    ['the answer makes no sense', { use: [statistics({ entries: 1 }).slice(0, 18)] }, /malformed netlink reply: .*18/],
  ])('because %s, say so in one line', (_what, trouble, why) => {
    const host = new AnsweringHost({ [COUNT]: '3000\n' }, { readFrom: 'netlink' });
    Object.assign(host, trouble);
    for (let second = 0; second < 180; second++) expect(host.values(second)).toEqual({ connections: 3000 });
    expect(host.saidOfStatistics).toEqual([expect.stringMatching(why)]);
  });

  it.each([
    ['auto', false, 'notice'],
    ['auto', true, 'error'],
    ['netlink', false, 'notice'],
    ['netlink', true, 'error'],
  ] as const)(
    'since connection tracking is not loaded are asked for as soon as it is: reading from %s, required (%s), one %s',
    (readFrom, required, level) => {
      const host = new AnsweringHost({}, { readFrom, required });
      host.failure = UNLOADED;
      const open = vi.spyOn(host.volume, 'openSync');
      for (let second = 0; second < 71; second++) expect(host.collect(second)).toEqual([]);
      expect(host.channels).toEqual([]);
      expect(open.mock.calls.length).toBeLessThanOrEqual(4);
      expect(host.logged).toEqual([
        expect.stringMatching(new RegExp(`^${level} "connection tracking is not loaded; .*modprobe nf_conntrack`)),
      ]);

      host.failure = undefined;
      host.volume.fromJSON({ [COUNT]: '640\n' });
      expect(host.values(71)).toMatchObject(USE);
      expect(host.values(72)).toMatchObject({ connections: 640, drop: 0 });
    },
  );

  it('since connection tracking was unloaded again say so again', () => {
    const host = new AnsweringHost({}, { readFrom: 'netlink' });
    host.failure = UNLOADED;
    host.collect(0);
    host.failure = undefined;
    expect(host.values(60)).toEqual(USE);
    host.failure = UNLOADED;
    host.use = [error(2)];
    for (let second = 61; second < 190; second++) expect(host.collect(second)).toEqual([]);
    expect(host.saidOfStatistics.filter((line) => line.includes('not loaded'))).toHaveLength(2);
  });

  it('for a defect of the program are the failure of the module', () => {
    const host = new AnsweringHost({ [COUNT]: '3000\n' }, { readFrom: 'netlink' });
    host.failure = new TypeError('not a function');
    expect(() => host.collect(0)).toThrow(new TypeError('not a function'));
    expect(host.logged).toEqual([]);
  });
});

describe('the status of module stat', () => {
  it('names ctnetlink where there is no statistics file', () => {
    const host = new AnsweringHost();
    host.collect(1);
    expect(host.module.status()).toEqual({ reads: ['ctnetlink'], problems: [] });
  });
});

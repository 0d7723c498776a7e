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

const UNLOADED = new ProblemError('tracking_not_loaded', 'ctnetlink');

type Counters = CpuCounters & ExpectationCounters;

interface HostOptions {
  readonly perCpu?: boolean;
  readonly readFrom?: StatSettings['read_from'];
  readonly required?: boolean;
}

/** A sign that connection tracking is loaded, but neither statistics nor settings. */
const LOADED = { '/sys/module/nf_conntrack/refcnt': '3\n' };

/** A host with connection tracking whose kernel answers over netlink, and with the given files. */
class AnsweringHost extends RecordedHost {
  /** The channels that were opened, in order. */
  readonly channels: FakeChannel[];
  /** The reply about the use of the table. */
  use: Receipt = [statistics({ entries: 640, max: 4000 })];
  /** The counters by CPU number. */
  cpus: ReadonlyMap<number, Counters> = new Map([[0, {}]]);
  /** Thrown instead of opening a channel. */
  failure: Error | undefined;

  constructor(files: Readonly<Record<string, string>> = {}, options: HostOptions = {}) {
    const channels: FakeChannel[] = [];
    const { perCpu = false, readFrom = 'auto', required = false } = options;
    const settings = { enabled: required || 'auto', per_cpu: perCpu, read_from: readFrom } as const;
    super({ ...LOADED, ...files }, settings, { ctnetlink: () => this.#open() });
    this.channels = channels;
  }

  /** Unloads connection tracking: its files vanish and netlink fails. */
  unload(): void {
    this.volume.reset();
    this.failure = UNLOADED;
  }

  /** Loads it again, with these files. */
  load(files: Readonly<Record<string, string>> = LOADED): void {
    this.volume.fromJSON(files);
    this.failure = undefined;
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

  /** Sets the counters of the only CPU. */
  counts(counters: Counters): void {
    this.cpus = new Map([[0, counters]]);
  }

  /** How many requests for the use of the table were sent. */
  get timesAskedForUse(): number {
    return this.channels.reduce((sum, channel) => sum + channel.timesAsked('statistics'), 0);
  }

  /** How many requests for the counters were sent. */
  get asked(): number {
    return this.channels.reduce((sum, channel) => sum + channel.timesAsked('cpuStatistics'), 0);
  }
}

/** The counters after each has grown by `step`. */
function grown<T extends Record<string, number>>(counters: T, step: number): T {
  return { ...counters, ...Object.fromEntries(Object.entries(counters).map(([name, value]) => [name, value + step])) };
}

/** The use of the table unless a test sets another one. */
const USE = { connections: 640, max: 4000, utilization: 16 };

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

describe('the source of the statistics', () => {
  it('is the file alone if configured so: netlink is never used', () => {
    const host = new AnsweringHost({ ...LIMITS, [COUNT]: '3000\n' }, { readFrom: 'procfs' });
    for (let second = 0; second < 100; second++) expect(host.values(second)).toMatchObject({ connections: 3000 });
    host.stat(NAMES, statRow({ entries: 3100 }));
    expect(host.values(100)).toMatchObject({ connections: 3100 });
    host.write(STAT, '');
    expect(host.values(101)).toMatchObject({ connections: 3000 });
    expect(host.channels).toEqual([]);
  });

  it('is netlink alone if configured so: the file is never opened', () => {
    const host = new AnsweringHost({ ...LIMITS, [COUNT]: '3000\n' }, { readFrom: 'netlink' });
    host.stat(NAMES, statRow({ entries: 3100 }));
    const open = vi.spyOn(host.volume, 'openSync');
    for (let second = 0; second < 30; second++) expect(host.values(second)).toMatchObject({ connections: 640 });
    host.use = [error(1)];
    for (let second = 30; second < 100; second++) expect(host.values(second)).toMatchObject({ connections: 3000 });
    expect(open).toHaveBeenCalled();
    expect(open.mock.calls.map(([path]) => path)).not.toContain(STAT);
  });

  it('is the file while it exists, if both are allowed', () => {
    const host = new AnsweringHost(LIMITS);
    host.stat(NAMES, statRow({ entries: 3100 }));
    for (let second = 0; second < 70; second++) expect(host.values(second)).toMatchObject({ connections: 3100 });
    expect(host.channels).toEqual([]);
    expect(host.logged).toEqual([]);
  });

  it.each([
    ['is torn', 'entries drop\n00000001', undefined],
    ['is not accessible', undefined, 'EACCES'],
    ['cannot be read', undefined, 'EIO'],
  ])('is not netlink if the file exists but %s', (_what, text, code) => {
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

  it('is netlink without a file, and the file within ten seconds after it appears', () => {
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
    // Counters of different sources are not compared.
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

  it('changes to netlink when the file vanishes, and back when it reappears, without a spike', () => {
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

describe('statistics that cannot be read over netlink', () => {
  it.each([
    ['auto', false, 'notice'],
    ['auto', true, 'notice'],
    ['netlink', false, 'warning'],
    ['netlink', true, 'error'],
  ] as const)(
    'leave the use of the table and a log line; reading from %s, required (%s): %s',
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
    'once are retried at the next update, even without any setting, reading from %s',
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

  it('do not log that a file is gone that never existed', () => {
    const host = new AnsweringHost({ ...LIMITS, [COUNT]: '3000\n' });
    host.values(100);
    host.use = [error(1)];
    for (let second = 101; second <= 110; second++) expect(host.values(second)).toMatchObject({ connections: 3000 });
    expect(host.saidOfStatistics.at(-1)).toMatch(/^notice "the kernel has no statistics file \(/);
  });

  it('are retried every 30 seconds and used when they work', () => {
    const host = new AnsweringHost({ [COUNT]: '3000\n' }, { readFrom: 'netlink' });
    host.use = [error(1)];
    host.values(0);
    host.use = [statistics({ entries: 640 })];
    for (let second = 1; second < 30; second++) expect(host.values(second)).toEqual({ connections: 3000 });
    expect(host.values(30)).toEqual({ connections: 640 });
    expect(host.values(31)).toMatchObject({ connections: 640, drop: 0 });
    expect(host.saidOfStatistics.slice(1)).toEqual(['info "the statistics can be read over netlink"']);
  });

  it('once are retried at the next update, and the rates continue', () => {
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

  it('are retried at every update for a minute after they last worked, then every 30 seconds', () => {
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

  it('because a CPU lacks a counter are not guessed', () => {
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
    ['the kernel does not support the request', { use: [error(22)] }, /modprobe nf_conntrack_netlink/],
    ['the kernel does not reply', { use: [] }, /ask ctnetlink for the number of entries: the reply is incomplete/],
    ['the reply is malformed', { use: [statistics({ entries: 1 }).slice(0, 18)] }, /malformed netlink reply: .*18/],
  ])('because %s are logged in one line', (_what, trouble, why) => {
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
    'because connection tracking is not loaded are read as soon as it is: reading from %s, required (%s), one %s',
    (readFrom, required, level) => {
      const host = new AnsweringHost({}, { readFrom, required });
      host.unload();
      const open = vi.spyOn(host.volume, 'openSync');
      for (let second = 0; second < 71; second++) expect(host.collect(second)).toEqual([]);
      expect(host.channels).toEqual([]);
      expect(open.mock.calls.length).toBeLessThanOrEqual(4);
      expect(host.logged).toEqual([
        expect.stringMatching(new RegExp(`^${level} "connection tracking is not loaded; .*modprobe nf_conntrack`)),
      ]);

      host.load({ [COUNT]: '640\n' });
      expect(host.values(71)).toMatchObject(USE);
      expect(host.values(72)).toMatchObject({ connections: 640, drop: 0 });
    },
  );

  it('because connection tracking was unloaded again are logged again', () => {
    const host = new AnsweringHost({}, { readFrom: 'netlink' });
    host.unload();
    host.collect(0);
    host.load();
    expect(host.values(5)).toEqual(USE);
    host.unload();
    host.use = [error(2)];
    for (let second = 6; second < 190; second++) expect(host.collect(second)).toEqual([]);
    expect(host.saidOfStatistics.filter((line) => line.includes('not loaded'))).toHaveLength(2);
  });

  it('because of a defect of the program make the module fail', () => {
    const host = new AnsweringHost({ [COUNT]: '3000\n' }, { readFrom: 'netlink' });
    host.failure = new TypeError('not a function');
    expect(() => host.collect(0)).toThrow(new TypeError('not a function'));
    expect(host.logged).toEqual([]);
  });
});

describe('the status of module stat', () => {
  it('names ctnetlink if there is no statistics file', () => {
    const host = new AnsweringHost();
    host.collect(1);
    expect(host.module.status()).toEqual({ reads: ['ctnetlink'], problems: [] });
  });
});

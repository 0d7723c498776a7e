import { describe, expect, it, vi } from 'vitest';

import { ProblemError } from '../../../collector/modules/problem.ts';
import { Host } from '../../../collector/procfs/host.ts';
import { RecordedHost, SETTINGS, STAT } from '../../helpers/recorded_host.ts';
import { NAMES, OLD_NAMES, statRow, statText } from '../../helpers/stat_text.ts';

const LIMITS = { [`${SETTINGS}max`]: '4000\n', [`${SETTINGS}buckets`]: '1024\n', [`${SETTINGS}expect_max`]: '96\n' };

const COUNT = `${SETTINGS}count`;
const LOADED = { '/sys/module/nf_conntrack/refcnt': '3\n' };

describe('module stat', () => {
  it('draws gauges from the first reading and rates from the second', () => {
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

  it('gives every column its own metric', () => {
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

  it('omits columns that this kernel does not count', () => {
    const host = new RecordedHost({ '/proc/sys/kernel/osrelease': '5.4.0-216-generic\n' });
    host.stat(OLD_NAMES, statRow({ entries: 7, ignore: 3 }, OLD_NAMES));
    host.values(1);
    const values = host.values(2);
    for (const metric of ['new', 'deleted', 'delete_list', 'searched']) expect(values).not.toHaveProperty(metric);
    expect(values).toMatchObject({ ignore: 0, invalid: 0, found: 0 });
  });

  it('draws a column believed dead once it is nonzero', () => {
    const host = new RecordedHost({ '/proc/sys/kernel/osrelease': 'vendor-kernel\n' });
    host.stat(OLD_NAMES, statRow({ entries: 7 }, OLD_NAMES));
    host.values(1);
    host.stat(OLD_NAMES, statRow({ entries: 7, new: 21 }, OLD_NAMES));
    expect(host.values(2)).toMatchObject({ new: 21 });
    expect(host.values(3)).toMatchObject({ new: 0 });
    expect(host.values(3)).not.toHaveProperty('searched');
  });

  it('draws a counting column "searched" since Linux 4.9 as resolved clashes, also per CPU', () => {
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

  it("prefers the host's kernel release to that of the machine it runs on", () => {
    const host = new RecordedHost({ '/proc/sys/kernel/osrelease': '4.4.0-210-generic\n' }, {}, { release: '5.4.0' });
    host.stat(OLD_NAMES, statRow({ entries: 7 }, OLD_NAMES));
    host.values(1);
    expect(host.values(2)).toMatchObject({ new: 0, searched: 0, deleted: 0, delete_list: 0 });
  });

  it('reads the number of entries once, although every row has it', () => {
    const host = new RecordedHost();
    host.stat(NAMES, ...[1, 2, 3, 4].map(() => statRow({ entries: 531 })));
    expect(host.values(1)).toEqual({ connections: 531 });
  });

  it('draws no utilization without a limit', () => {
    const host = new RecordedHost({ ...LIMITS, [`${SETTINGS}max`]: '0\n' });
    host.stat(NAMES, statRow({ entries: 12 }));
    expect(host.values(1)).not.toHaveProperty('utilization');
  });

  it('reads the settings again after ten seconds', () => {
    const host = new RecordedHost(LIMITS);
    host.stat(NAMES, statRow({ entries: 1000 }));
    host.values(0);
    host.write(`${SETTINGS}max`, '2000\n');
    host.write(`${SETTINGS}buckets`, '500\n');
    expect(host.values(9)).toMatchObject({ utilization: 25, buckets: 1024 });
    expect(host.values(10)).toMatchObject({ utilization: 50, buckets: 500, load: 2 });
  });

  it('draws no spike when the counters restart from 0, and continues afterwards', () => {
    const host = new RecordedHost();
    host.stat(NAMES, statRow({ entries: 5, invalid: 4_294_967_290, found: 4_294_967_000 }));
    host.values(1);
    host.stat(NAMES, statRow({ entries: 1 }));
    expect(host.values(2)).toEqual({ connections: 1 });
    expect(host.saidOfStatistics).toEqual(['info "the counters started again from 0"']);
    host.stat(NAMES, statRow({ entries: 2, invalid: 3 }));
    expect(host.values(3)).toMatchObject({ invalid: 3, found: 0 });
  });

  it('counts the wrap of one CPU exactly', () => {
    const host = new RecordedHost();
    host.stat(NAMES, statRow({ entries: 5, invalid: 0xffff_ff00 }), statRow({ entries: 5, invalid: 77 }));
    host.values(1);
    host.stat(NAMES, statRow({ entries: 5, invalid: 0x10 }), statRow({ entries: 5, invalid: 80 }));
    expect(host.values(2)).toMatchObject({ invalid: 275 });
  });

  it('starts a new baseline when the number of CPUs changes', () => {
    const host = new RecordedHost();
    host.stat(NAMES, statRow({ entries: 5, drop: 100 }));
    host.values(1);
    host.stat(NAMES, statRow({ entries: 5, drop: 200 }), statRow({ entries: 5, drop: 300 }));
    expect(host.values(2)).toEqual({ connections: 5 });
    host.stat(NAMES, statRow({ entries: 5, drop: 202 }), statRow({ entries: 5, drop: 303 }));
    expect(host.values(3)).toMatchObject({ drop: 5 });
  });

  it('returns rates per CPU by CPU number if configured', () => {
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

  it.each([
    ['cannot be read', {}],
    ['is of another length', { '/sys/devices/system/cpu/possible': '0-7\n' }],
    ['is malformed', { '/sys/devices/system/cpu/possible': 'all\n' }],
  ])('numbers the CPUs from 0 when the list of them %s', (_, files) => {
    const host = new RecordedHost(files, { per_cpu: true });
    host.stat(NAMES, statRow({ entries: 1 }), statRow({ entries: 1 }));
    host.collect(1);
    expect(host.collect(2).map((sample) => sample.instance)).toEqual(['', 'cpu0', 'cpu1']);
  });

  it('keeps its files open and accesses no others, tick after tick', () => {
    const host = new RecordedHost(LIMITS);
    host.stat(NAMES, statRow({ entries: 1 }));
    host.values(0);
    const others = (['openSync', 'statSync', 'readFileSync'] as const).map((call) => vi.spyOn(host.volume, call));
    for (let second = 1; second <= 60; second++) host.values(second);
    for (const call of others) expect(call).not.toHaveBeenCalled();
  });
});

describe('module stat, when the statistics file', () => {
  it('does not exist but the settings do, draws connections and utilization and logs why once', () => {
    const host = new RecordedHost({ ...LIMITS, [`${SETTINGS}count`]: '3000\n' });
    for (let second = 0; second < 120; second++) {
      expect(host.values(second)).toMatchObject({ connections: 3000, utilization: 75 });
    }
    expect(host.saidOfStatistics).toHaveLength(1);
    expect(host.saidOfStatistics[0]).toMatch(
      /^notice .*CONFIG_NF_CONNTRACK_PROCFS.*there are no rates, only the use of the table/,
    );
  });

  it('appears later, is found within ten seconds', () => {
    const host = new RecordedHost({ ...LIMITS, [`${SETTINGS}count`]: '3000\n' });
    host.values(0);
    host.stat(NAMES, statRow({ entries: 3001, drop: 5 }));
    for (let second = 1; second < 10; second++) expect(host.values(second)).toMatchObject({ connections: 3000 });
    expect(host.values(10)).toMatchObject({ connections: 3001 });
    expect(host.values(11)).toMatchObject({ drop: 0 });
    expect(host.saidOfStatistics[1]).toMatch(/^info "the statistics can be read" /);
  });

  it.each([1, 29, 61, 3599])(
    'does not exist and nor do the settings, logs once how to load the module and reads after %i s when it is',
    (after) => {
      const host = new RecordedHost();
      for (let second = 0; second < after; second++) expect(host.collect(second)).toEqual([]);
      expect(host.saidOfStatistics).toEqual([
        expect.stringMatching(/^notice "connection tracking is not loaded; .*modprobe nf_conntrack.* firewall rule"/),
      ]);
      host.stat(NAMES, statRow({ entries: 44 }));
      host.volume.fromJSON({ [COUNT]: '45\n' });
      expect(host.values(after)).toEqual({ connections: 44 });
      expect(host.saidOfStatistics.slice(1)).toEqual([expect.stringMatching(/^info "the statistics can be read" /)]);
    },
  );

  it('and the settings do not exist, opens nothing until a sign of connection tracking appears', () => {
    const host = new RecordedHost();
    host.collect(0);
    const open = vi.spyOn(host.volume, 'openSync');
    for (let second = 1; second < 60; second++) expect(host.collect(second)).toEqual([]);
    expect(open).not.toHaveBeenCalled();
    host.stat(NAMES, statRow({ entries: 44 }));
    expect(host.values(60)).toEqual({ connections: 44 });
  });

  it('does not exist although the module is required, logs an error', () => {
    const host = new RecordedHost({}, { enabled: true });
    host.collect(0);
    expect(host.saidOfStatistics[0]).toMatch(/^error .*not loaded/);
  });

  it('vanishes with the kernel module and reappears, leaves a gap without a spike and logs each once', () => {
    const host = new RecordedHost();
    host.stat(NAMES, statRow({ entries: 900, drop: 5000 }));
    host.values(0);
    host.remove(STAT);
    for (let second = 1; second < 30; second++) expect(host.collect(second)).toEqual([]);
    host.stat(NAMES, statRow({ entries: 3, drop: 6000 }));
    expect(host.values(30)).toEqual({ connections: 3 });
    host.stat(NAMES, statRow({ entries: 3, drop: 6002 }));
    expect(host.values(31)).toMatchObject({ drop: 2 });
    expect(host.saidOfStatistics.map((line) => line.split(' ', 1)[0])).toEqual(['notice', 'info']);
  });

  it('is reopened because its descriptor died, assumes a reload', () => {
    const host = new RecordedHost();
    host.stat(NAMES, statRow({ entries: 900, drop: 50 }));
    host.values(0);
    host.stat(NAMES, statRow({ entries: 3, drop: 60 }));
    vi.spyOn(host.volume, 'readSync').mockImplementationOnce(() => {
      throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
    });
    expect(host.values(1)).toEqual({ connections: 3 });
    expect(host.values(2)).toMatchObject({ drop: 0 });
  });

  it('is gone but the number of entries remains, does not blame the kernel', () => {
    const host = new RecordedHost({ ...LIMITS, [`${SETTINGS}count`]: '3000\n' });
    host.stat(NAMES, statRow({ entries: 900 }));
    host.values(1);
    host.remove(STAT);
    expect(host.values(2)).toMatchObject({ connections: 3000, utilization: 75 });
    expect(host.saidOfStatistics[0]).toMatch(/^warning .*is gone: there are no rates/);
  });

  it('is missing and the number of entries is malformed, does not log that tracking is not loaded', () => {
    const host = new RecordedHost({ ...LIMITS, [`${SETTINGS}count`]: 'garbage\n' });
    expect(host.collect(0)).toEqual([]);
    expect(host.saidOfStatistics[0]).toMatch(/^notice .*no statistics file.*nothing is collected/);
  });

  it.each([
    ['EACCES: permission denied, open', 'EACCES', 'openSync' as const],
    ['EIO: i/o error, read', 'EIO', 'readSync' as const],
  ])('fails with %s, leaves a gap, logs it once and continues when it works again', (text, code, call) => {
    const host = new RecordedHost();
    host.stat(NAMES, statRow({ entries: 900, drop: 5000 }));
    host.values(0);
    host.module.close();
    const failing = vi.spyOn(host.volume, call).mockImplementation(() => {
      throw Object.assign(new Error(text), { code });
    });
    for (let second = 1; second < 20; second++) expect(host.collect(second)).toEqual([]);
    failing.mockRestore();
    host.stat(NAMES, statRow({ entries: 901, drop: 5100 }));
    expect(host.values(20)).toEqual({ connections: 901 });
    expect(host.saidOfStatistics).toHaveLength(2);
    expect(host.saidOfStatistics[0]).toMatch(new RegExp(`^warning .*cannot be used.*${STAT}.*${code}`));
    expect(host.saidOfStatistics[1]).toMatch(/^info .*can be read again/);
  });

  it.each([
    ['empty', ''],
    [
      'torn',
      statText(NAMES, [statRow({ entries: 1 })])
        .toString()
        .slice(0, -30),
    ],
    ['another file', 'hello\n'],
  ])('is %s, leaves a gap, logs it once and continues when it is complete again', (_, text) => {
    const host = new RecordedHost();
    host.stat(NAMES, statRow({ entries: 900, drop: 5000 }));
    host.values(0);
    host.write(STAT, text);
    for (let second = 1; second < 200; second++) expect(host.collect(second)).toEqual([]);
    host.stat(NAMES, statRow({ entries: 901, drop: 5100 }));
    // The rate over the whole time since the last reading, so that no event is lost.
    expect(host.values(200)).toMatchObject({ connections: 901, drop: 0.5 });
    host.stat(NAMES, statRow({ entries: 901, drop: 5103 }));
    expect(host.values(201)).toMatchObject({ drop: 3 });
    expect(host.saidOfStatistics.map((line) => line.split(' ', 1)[0])).toEqual(['warning', 'info']);
  });

  it('fails in one way and then in another, logs each change once', () => {
    const host = new RecordedHost();
    host.write(STAT, '');
    host.collect(0);
    host.collect(1);
    host.remove(STAT);
    host.collect(2);
    host.collect(3);
    host.write(STAT, '');
    host.collect(62);
    expect(host.saidOfStatistics.map((line) => line.split(' ', 1)[0])).toEqual(['warning', 'notice', 'warning']);
  });

  it("of the host is missing, does not draw another namespace's number of entries", () => {
    const files = { '/host/proc/1/net/dev': '', '/proc/self/net/dev': '', [`/host${SETTINGS}count`]: '7\n' };
    const host = new RecordedHost(files);
    const elsewhere = new RecordedHost(files, {}, { host: new Host(host.volume, '/host'), fs: host.volume });
    vi.spyOn(host.volume, 'statSync').mockImplementation((path) =>
      Object.assign(Object.create(null), { ino: String(path).startsWith('/host') ? 1 : 2 }),
    );
    expect(elsewhere.collect(0)).toEqual([]);
    expect(elsewhere.saidOfStatistics[0]).toMatch(
      /^notice .*missing and its number of entries is not visible from this network namespace/,
    );
  });
});

describe('the settings of module stat', () => {
  it('that cannot be read remove their chart and are logged once', () => {
    const host = new RecordedHost({ ...LIMITS, [`${SETTINGS}max`]: 'many\n' });
    host.volume.unlinkSync(`${SETTINGS}buckets`);
    host.stat(NAMES, statRow({ entries: 1000 }));
    for (let second = 0; second < 100; second++) {
      expect(host.values(second)).not.toHaveProperty('utilization');
      expect(host.values(second)).not.toHaveProperty('load');
    }
    expect(host.logged).toHaveLength(2);
    expect(host.logged[0]).toMatch(/^notice .*share of the table is not charted.*nf_conntrack_max.*decimal digit/);
    expect(host.logged[1]).toMatch(/^notice .*hash table is not charted.*nf_conntrack_buckets.*ENOENT/);

    host.write(`${SETTINGS}max`, '5000\n');
    expect(host.values(110)).toMatchObject({ utilization: 20 });
    expect(host.logged[2]).toMatch(/^info .*can be read" .*nf_conntrack_max/);
  });
});

describe('the status of module stat', () => {
  it('names the statistics file', () => {
    const host = new RecordedHost(LIMITS);
    host.stat(NAMES, statRow({ entries: 7 }));
    host.collect(0);
    expect(host.module.status()).toEqual({ reads: [STAT], problems: [] });
  });

  it('has the problem that connection tracking is not loaded, until it is', () => {
    const host = new RecordedHost();
    host.collect(0);
    const message = 'connection tracking is not loaded';
    expect(host.module.status()).toEqual({
      reads: [STAT],
      problems: [{ code: 'tracking_not_loaded', target: STAT, message, loses: 'all' }],
    });
    host.stat(NAMES, statRow({ entries: 7 }));
    expect(host.module.status().problems).toHaveLength(1);
    host.collect(1);
    expect(host.module.status().problems).toEqual([]);
  });

  it('loses a part if only the number of entries can be read', () => {
    const host = new RecordedHost({ ...LIMITS, [COUNT]: '3000\n' });
    host.collect(0);
    const lost = {
      code: 'no_statistics_file',
      target: STAT,
      message: 'the kernel has no statistics file',
      loses: 'part',
    };
    expect(host.module.status()).toEqual({ reads: [COUNT], problems: [lost] });
    // The file is not tried at every update.
    host.collect(1);
    expect(host.module.status()).toEqual({ reads: [COUNT], problems: [lost] });
  });

  it('loses everything if the file is malformed and nothing else can be read', () => {
    const host = new RecordedHost({ [STAT]: 'entries\nnonsense\n' });
    host.collect(0);
    expect(host.module.status()).toMatchObject({
      reads: [STAT],
      problems: [{ code: 'malformed_file', target: STAT, loses: 'all' }],
    });
  });

  it('has the problem of netlink too', () => {
    const connect = (): never => {
      throw new ProblemError('no_capability', 'ctnetlink');
    };
    const refused = { ...new ProblemError('no_capability', 'ctnetlink').problem, loses: 'part' };
    const auto = new RecordedHost({ ...LIMITS, [COUNT]: '3000\n' }, { read_from: 'auto' }, { ctnetlink: connect });
    auto.collect(0);
    expect(auto.module.status()).toMatchObject({ reads: [COUNT], problems: [{ code: 'no_statistics_file' }, refused] });
    const netlink = new RecordedHost(
      { ...LIMITS, [COUNT]: '3000\n' },
      { read_from: 'netlink' },
      { ctnetlink: connect },
    );
    netlink.collect(0);
    expect(netlink.module.status()).toEqual({ reads: [COUNT], problems: [refused] });
    const nothing = new RecordedHost(LOADED, { read_from: 'netlink' }, { ctnetlink: connect });
    nothing.collect(0);
    expect(nothing.module.status()).toEqual({ reads: ['ctnetlink'], problems: [{ ...refused, loses: 'all' }] });
  });

  it('has the problem that the host has another network namespace', () => {
    const host = new RecordedHost();
    host.write('/host/proc/1/net/dev', '');
    host.write('/proc/self/net/dev', '');
    const elsewhere = new RecordedHost({}, {}, { host: new Host(host.volume, '/host'), fs: host.volume });
    elsewhere.collect(0);
    expect(elsewhere.module.status()).toMatchObject({ problems: [{ code: 'other_namespace', loses: 'all' }] });
  });
});

import { describe, expect, it, vi } from 'vitest';

import { ProblemError } from '../../../collector/modules/problem.ts';
import { AnsweringHost } from '../../helpers/answering_host.ts';
import { error } from '../../helpers/netlink_channel.ts';
import { RecordedHost, SETTINGS, STAT } from '../../helpers/recorded_host.ts';
import { NAMES, statRow } from '../../helpers/stat_text.ts';

const COUNT = `${SETTINGS}count`;
const LIMITS = { [`${SETTINGS}max`]: '4000\n', [`${SETTINGS}buckets`]: '1024\n', [`${SETTINGS}expect_max`]: '96\n' };
const LOADED = { '/sys/module/nf_conntrack/refcnt': '3\n' };

describe('the sources of module stat', () => {
  it('are the file within ten seconds after it appears', () => {
    const host = new RecordedHost({ ...LIMITS, [COUNT]: '3000\n' });
    host.values(0);
    host.stat(NAMES, statRow({ entries: 3001, drop: 5 }));
    for (let second = 1; second < 10; second++) expect(host.values(second)).toMatchObject({ connections: 3000 });
    expect(host.values(10)).toMatchObject({ connections: 3001 });
    expect(host.values(11)).toMatchObject({ drop: 0 });
    expect(host.saidOfStatistics[1]).toMatch(/^info "the statistics can be read" /);
  });

  it.each([1, 29, 61, 3599])(
    'are tried %i s later when connection tracking is loaded, and the log says once how to load it',
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

  it('are not opened before connection tracking is loaded', () => {
    const host = new RecordedHost();
    host.collect(0);
    const open = vi.spyOn(host.volume, 'openSync');
    for (let second = 1; second < 60; second++) expect(host.collect(second)).toEqual([]);
    expect(open).not.toHaveBeenCalled();
    host.stat(NAMES, statRow({ entries: 44 }));
    expect(host.values(60)).toEqual({ connections: 44 });
  });

  it('leave a gap without a spike while the kernel module is unloaded, which is logged once', () => {
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

  it('names ctnetlink if there is no statistics file', () => {
    const host = new AnsweringHost();
    host.collect(1);
    expect(host.module.status()).toEqual({ reads: ['ctnetlink'], problems: [] });
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
      `info "the kernel has no statistics file: the statistics are read over netlink" code=no_statistics_file path=${STAT}`,
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

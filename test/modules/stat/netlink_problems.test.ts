import { describe, expect, it, vi } from 'vitest';

import { ProblemError } from '../../../collector/modules/problem.ts';
import { AnsweringHost, USE } from '../../helpers/answering_host.ts';
import {
  attribute,
  cpuStatistics,
  done,
  error,
  FakeChannel,
  netfilter,
  number,
  statistics,
} from '../../helpers/netlink_channel.ts';
import { RecordedHost, SETTINGS } from '../../helpers/recorded_host.ts';

const COUNT = `${SETTINGS}count`;
const LIMITS = { [`${SETTINGS}max`]: '4000\n', [`${SETTINGS}buckets`]: '1024\n', [`${SETTINGS}expect_max`]: '96\n' };

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

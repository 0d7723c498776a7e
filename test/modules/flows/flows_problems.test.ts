import { describe, expect, it, vi } from 'vitest';

import { flowCharts } from '../../../charts/flows.ts';
import { Emitter } from '../../../collector/agent/emit.ts';
import { ProblemError } from '../../../collector/modules/problem.ts';
import { Dumping, entries, TCP } from '../../helpers/dumping.ts';
import { altered, done, entry, error, failure, statistics } from '../../helpers/netlink_channel.ts';
import { logged } from '../../helpers/problems.ts';

const FAILED = 'the composition of the connection table is not collected: ';

describe('a table that cannot be dumped', () => {
  const CAPABILITY = logged('no_capability');
  const TABLE = 'ask ctnetlink for the connection table';

  it.each<[string, Partial<Pick<Dumping, 'use' | 'table'>>, string]>([
    ['the kernel refuses to report its use', { use: [error(1)] }, CAPABILITY],
    ['the kernel refuses', { table: () => [[error(1)]] }, CAPABILITY],
    ['the kernel has no ctnetlink', { use: [error(22)] }, 'modprobe nf_conntrack_netlink'],
    [
      'the kernel breaks off with an error',
      { table: () => [entries(2), [done(-12)]] },
      `${TABLE}: ENOMEM: not enough memory`,
    ],
    ['the kernel stops in the middle of its reply', { table: () => [entries(2)] }, `${TABLE}: the reply is incomplete`],
    ['the kernel does not reply', { table: () => [] }, `${TABLE}: the reply is incomplete`],
    ['the channel fails', { table: () => [entries(2), failure('EIO')] }, 'receive from ctnetlink: EIO: i/o error'],
    [
      'an entry is malformed',
      { table: () => [[entry({ protocol: TCP }).slice(0, 50), done()]] },
      'malformed netlink reply: ',
    ],
    ['its use is malformed', { use: [altered(statistics({ entries: 1 }), 22, 2, 9)] }, 'without a number of entries'],
  ])('because %s is not collected, which is logged once, until it can be', async (_what, answers, why) => {
    const dumping = new Dumping();
    const { table, use } = dumping;
    Object.assign(dumping, answers);
    for (let second = 500; second < 592; second++) expect(await dumping.tick(second)).toBeUndefined();
    expect(dumping.lines).toHaveLength(1);
    expect(dumping.lines[0]).toContain(`notice ${FAILED}`);
    expect(dumping.lines[0]).toContain(why);
    // Tried at 500, and half a minute after each time that it was noticed.
    expect(dumping.channels.map(({ isClosed }) => isClosed)).toEqual([true, true, true]);

    Object.assign(dumping, { table, use });
    expect(await dumping.tick(593)).toBeUndefined();
    expect(await dumping.tick(594)).toMatchObject({ flows_tcp: 1, flows_utilization: 1 });
    expect(dumping.lines.slice(1)).toEqual(['info the connection table can be dumped']);
    expect(dumping.channels).toHaveLength(4);
  });

  it.each([
    [false, []],
    [true, [`error ${FAILED}${logged('tracking_not_loaded')}`]],
  ])('since there is none is logged only if it is required (%s)', async (required, said) => {
    let asked = 0;
    const connect = (): never => {
      asked++;
      throw new ProblemError('tracking_not_loaded', 'ctnetlink');
    };
    const dumping = new Dumping({ enabled: required }, { ctnetlink: connect });
    for (let second = 500; second < 560; second++) expect(await dumping.tick(second)).toBeUndefined();
    expect(asked).toBe(2);
    expect(dumping.lines).toEqual(said);
  });

  it('because of a defect of the program makes the update throw, without an unhandled rejection', async () => {
    const dumping = new Dumping();
    await dumping.tick(500);
    vi.mocked(dumping.channels[0]?.receive ?? vi.fn()).mockImplementationOnce(() => {
      throw new TypeError('not a function');
    });
    await dumping.tick(501);
    await dumping.tick(510);
    await expect(dumping.tick(511)).rejects.toThrow(new TypeError('not a function'));
    expect(dumping.channels[0]?.isClosed).toBe(true);
    expect(dumping.lines).toEqual([]);
    expect(await dumping.tick(512)).toBeUndefined();
    await dumping.tick(571);
    expect(await dumping.tick(572)).toMatchObject({ flows_tcp: 1 });
  });

  it.each([
    [1, 10],
    [1, 20],
    [5, 40],
    [10, 60],
    [20, 300],
  ])('a single time keeps its charts: updated every %i s, dumped every %i s', async (tick, every) => {
    const dumping = new Dumping({ every: tick, update_every: every });
    dumping.table = (time) => (time === 2 ? [entries(1)] : [[...entries(1), done()]]);
    const emitter = new Emitter({ charts: flowCharts, source: '' });
    let text = '';
    for (let second = 500; second <= 550 + 3 * every; second += tick) {
      dumping.runtime.advanceTo(second);
      const samples = dumping.module.collect(second * 1e6, true);
      text += emitter.render(second * 1e6, [{ module: 'flows', every: dumping.module.every, samples }]);
      await dumping.runtime.settle();
    }
    expect(dumping.lines).toHaveLength(2);
    expect(text.match(/^BEGIN conntrack\.flows_by_protocol /gm)?.length).toBeGreaterThanOrEqual(2);
    expect(text).not.toContain('obsolete');
  });
});

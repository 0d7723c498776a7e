import { describe, expect, it, vi } from 'vitest';

import { Dumping, entries, INTERRUPTED, TCP, UDP } from '../../helpers/dumping.ts';
import { altered, done, entry, overrun, type Receipt } from '../../helpers/netlink_channel.ts';

describe('a dump', () => {
  it('yields every five milliseconds', async () => {
    const dumping = new Dumping();
    dumping.table = () => [...Array.from({ length: 9 }, () => [entries(1)]), [done()]];
    dumping.cost = 2000;
    await dumping.tick(500);
    // Once before it begins. Three receipts take six milliseconds: 3, pause, 3, pause, 3, pause, and the last one.
    expect(dumping.runtime.yields).toBe(4);
    expect(await dumping.tick(501)).toMatchObject({ flows_tcp: 9 });
  });

  it('reports its duration and CPU time', async () => {
    const dumping = new Dumping();
    dumping.table = () => [[...entries(1)], [...entries(1)], [done()]];
    dumping.cost = 7250;
    const release = dumping.runtime.hold(1);
    await dumping.tick(500);
    expect(dumping.runtime.yields).toBe(2);
    // Another part of the program computes, then the process sleeps until half a second has gone by.
    dumping.runtime.compute(40_000);
    dumping.runtime.advanceTo(500.5);
    release();
    await dumping.runtime.settle();
    // The first receipt came before.
    expect(await dumping.tick(501)).toMatchObject({ dump_duration: 514.5, dump_cpu_time: 21.75 });
  });

  it('costs the request for the use of the table, too', async () => {
    const dumping = new Dumping();
    dumping.useCost = 1250;
    dumping.cost = 3000;
    await dumping.tick(500);
    expect(await dumping.tick(501)).toMatchObject({ dump_duration: 4.25, dump_cpu_time: 4.25 });
  });

  it('that takes longer than its interval is not started twice, and its result is not lost', async () => {
    const dumping = new Dumping();
    dumping.table = () => [[...entries(1)], [done()]];
    dumping.cost = 6000;
    const release = dumping.runtime.hold(1);
    expect(await dumping.askedAt(500, 540)).toEqual([500]);
    release();
    await dumping.runtime.settle();
    expect(await dumping.tick(541)).toMatchObject({ flows_tcp: 1, dump_duration: 40_006 });
    expect(dumping.asked).toBe(2);
  });

  it('that was interrupted is repeated once, and its counts are discarded', async () => {
    const dumping = new Dumping();
    dumping.table = (time) =>
      time === 1 ? [[...entries(5), done(0, INTERRUPTED)]] : [[...entries(2), ...entries(1, UDP), done()]];
    await dumping.tick(500);
    expect(dumping.asked).toBe(2);
    expect(await dumping.tick(501)).toMatchObject({ flows_tcp: 2, flows_udp: 1, flows_ipv4: 3 });
    expect(dumping.lines).toEqual([]);
  });

  it('that is interrupted again is used all the same', async () => {
    const dumping = new Dumping();
    dumping.table = (time) => [[...entries(time * 10), done(0, INTERRUPTED)]];
    expect(await dumping.askedAt(500, 509)).toEqual([500]);
    expect(dumping.asked).toBe(2);
    await dumping.tick(510);
    expect(await dumping.tick(511)).toMatchObject({ flows_tcp: 40 });
  });

  it.each<[string, readonly Receipt[]]>([
    [
      'by a change of the table that is flagged in an entry',
      [[altered(entry({ protocol: TCP }), 6, 2, INTERRUPTED | 2)], [done()]],
    ],
    ['by a want of room', [entries(3), overrun(), [done()]]],
    ['by a kernel that lost a part', [[...entries(3), altered(done(), 4, 2, 4), done()]]],
  ])('that was interrupted %s is repeated too', async (_what, interrupted) => {
    const dumping = new Dumping();
    dumping.table = (time) => (time === 1 ? interrupted : [[...entries(8), done()]]);
    await dumping.tick(500);
    expect(dumping.asked).toBe(2);
    expect(await dumping.tick(501)).toMatchObject({ flows_tcp: 8 });
  });

  it('both parts of which cost something, costs their sum', async () => {
    const dumping = new Dumping();
    dumping.cost = 30_000;
    dumping.table = () => [[done(0, INTERRUPTED)]];
    await dumping.tick(500);
    expect(await dumping.tick(501)).toMatchObject({ dump_cpu_time: 60 });
  });

  it('ends when the module is closed: it sends, receives, returns and logs nothing more', async () => {
    const dumping = new Dumping();
    dumping.table = () => [[...entries(1)], [...entries(1)], [done()]];
    dumping.cost = 6000;
    const release = dumping.runtime.hold(1);
    await dumping.tick(500);
    const receive = vi.mocked(dumping.channels[0]?.receive ?? vi.fn());
    const before = receive.mock.calls.length;
    dumping.module.close();
    release();
    await dumping.runtime.settle();
    expect(dumping.channels[0]?.isClosed).toBe(true);
    expect(receive).toHaveBeenCalledTimes(before);
    expect(dumping.asked).toBe(1);
    expect(dumping.lines).toEqual([]);
    expect(dumping.module.collect(500.5e6, true)).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';

import { Dumping, entries } from '../../helpers/dumping.ts';
import { done, statistics } from '../../helpers/netlink_channel.ts';

/** A table that takes the kernel 13 ms to walk, with that many entries. */
function walked(count: number): Dumping {
  const dumping = new Dumping();
  dumping.cost = 13_000;
  dumping.table = (time) => [[...entries(time), done()]];
  dumping.use = [statistics({ entries: count, max: 4000 })];
  return dumping;
}

describe('an empty table', () => {
  it('is known from its number of entries, at every interval, and is never dumped', async () => {
    const dumping = walked(0);
    expect(await dumping.askedAt(500, 570)).toEqual([]);
    const values = await dumping.tick(571);
    expect(values).toMatchObject({ flows_tcp: 0, tcp_established: 0, flows_utilization: 0, flows_stuck: 0 });
    expect(values).toMatchObject({ dump_read: 100, dump_cpu_time: 0, dump_standard_error: 0 });
    dumping.use = [statistics({ entries: 3, max: 4000 })];
    expect(await dumping.askedAt(572, 582)).toEqual([580]);
  });
});

describe('a nearly empty table', () => {
  it('is dumped every half a minute while the number of entries stays the same', async () => {
    const dumping = walked(100);
    expect(await dumping.askedAt(500, 580)).toEqual([500, 530, 560]);
    expect(await dumping.tick(581)).toMatchObject({ flows_tcp: 3, flows_utilization: 2.5, dump_cpu_time: 0 });
  });

  it('is dumped at the next interval when the number of entries or the limit changes', async () => {
    const dumping = walked(7);
    expect(await dumping.askedAt(500, 512)).toEqual([500]);
    dumping.use = [statistics({ entries: 8, max: 4000 })];
    expect(await dumping.askedAt(513, 532)).toEqual([520]);
    dumping.use = [statistics({ entries: 8, max: 5000 })];
    expect(await dumping.askedAt(533, 542)).toEqual([540]);
  });

  it('is dumped every time if that is cheap', async () => {
    const dumping = walked(7);
    dumping.cost = 900;
    expect(await dumping.askedAt(500, 520)).toEqual([500, 510, 520]);
  });

  it('of more than a hundred entries is dumped every time', async () => {
    expect(await walked(101).askedAt(500, 520)).toEqual([500, 510, 520]);
  });
});

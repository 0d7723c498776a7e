import { describe, expect, it } from 'vitest';

import { Dumping, entries, UDP } from '../../helpers/dumping.ts';
import { done, statistics } from '../../helpers/netlink_channel.ts';

describe('the interval of dumps', () => {
  it('grows with their cost, and shrinks when they are clearly cheaper', async () => {
    const dumping = new Dumping();
    dumping.cost = 650_000;
    await dumping.tick(500);
    expect(dumping.module.every).toBe(40);
    expect(await dumping.tick(502)).toMatchObject({ dump_cpu_time: 650 });
    dumping.cost = 350_000;
    expect(await dumping.askedAt(503, 600)).toEqual([540, 580]);
    expect(dumping.module.every).toBe(40);
    dumping.cost = 300_000;
    expect(await dumping.askedAt(601, 645)).toEqual([620, 640]);
    expect(dumping.module.every).toBe(20);
    dumping.cost = 1000;
    expect(await dumping.askedAt(646, 690)).toEqual([660, 670, 680, 690]);
    expect(dumping.log.entries.map(({ level, fields }) => [level, fields])).toEqual([
      ['info', { entries: 1, cpu_ms: 650, seconds: 40 }],
      ['info', { entries: 1, cpu_ms: 300, seconds: 20 }],
      ['info', { entries: 1, cpu_ms: 1, seconds: 10 }],
    ]);
  });

  it.each([
    [95, 10],
    [95.5, 20],
    [100, 20],
  ])('at %d percent of the table, with 95 as the bound, is %i s', async (percent, seconds) => {
    const dumping = new Dumping();
    dumping.use = [statistics({ entries: percent * 100, max: 10_000 })];
    await dumping.tick(500);
    expect(dumping.module.every).toBe(seconds);
    expect(await dumping.tick(501)).toMatchObject({ flows_utilization: percent });
  });

  it('doubles while the table is full, until it is clearly less full, whatever dumps cost', async () => {
    const dumping = new Dumping({ full_above: 50 });
    dumping.use = [statistics({ entries: 500, max: 1000 })];
    dumping.cost = 450_000;
    await dumping.tick(460);
    dumping.cost = 300_000;
    expect(await dumping.askedAt(461, 499)).toEqual([480]);
    dumping.use = [statistics({ entries: 510, max: 1000 })];
    expect(await dumping.askedAt(500, 579)).toEqual([500, 540]);
    dumping.use = [statistics({ entries: 480, max: 1000 })];
    expect(await dumping.askedAt(580, 619)).toEqual([580]);
    dumping.use = [statistics({ entries: 470, max: 1000 })];
    expect(await dumping.askedAt(620, 660)).toEqual([620, 640, 660]);
  });
});

describe('a table that is too large to be dumped', () => {
  /** The first part is 15,000 entries of TCP and 5,000 of UDP. */
  const sampled: Dumping['table'] = () => [[...entries(15_000), ...entries(5000, UDP)], [...entries(1)], [done()]];

  it('is sampled, and its composition is scaled to the number of entries', async () => {
    const dumping = new Dumping();
    dumping.use = [statistics({ entries: 80_000, max: 160_000 })];
    dumping.table = sampled;
    await dumping.tick(500);
    expect(await dumping.tick(501)).toMatchObject({
      ...{ flows_tcp: 60_000, flows_udp: 20_000, flows_ipv4: 80_000, flows_utilization: 50, dump_read: 25 },
      dump_standard_error: 100 * Math.sqrt((0.25 * 0.75) / 20_000),
    });
    expect(dumping.module.every).toBe(10);
    expect(dumping.lines).toEqual([]);
  });

  it('is sampled over another channel each time, since the kernel keeps the rest of its reply', async () => {
    const dumping = new Dumping({ method: 'sample' });
    dumping.use = [statistics({ entries: 40_000 })];
    dumping.table = sampled;
    expect(await dumping.askedAt(500, 529)).toEqual([500, 510, 520]);
    expect(dumping.channels.map(({ isClosed }) => isClosed)).toEqual([true, true, true]);
  });

  it('is sampled at the same interval when it is full', async () => {
    const dumping = new Dumping();
    dumping.use = [statistics({ entries: 80_000, max: 80_000 })];
    dumping.table = sampled;
    expect(await dumping.askedAt(500, 529)).toEqual([500, 510, 520]);
  });

  it('is dumped whole, less often, with the method "full"', async () => {
    const dumping = new Dumping({ method: 'full' });
    dumping.use = [statistics({ entries: 80_000 })];
    dumping.table = sampled;
    dumping.cost = 400_000;
    await dumping.tick(500);
    expect(await dumping.tick(501)).toMatchObject({ flows_tcp: 15_001, dump_read: 100 });
    expect(dumping.module.every).toBeGreaterThan(10);
  });

  it('is sampled as soon as dumps turn out to be expensive', async () => {
    const dumping = new Dumping();
    dumping.use = [statistics({ entries: 30_000 })];
    dumping.table = sampled;
    // Four entries at a time, each of 9 µs.
    dumping.cost = 36;
    expect(await dumping.askedAt(500, 510)).toEqual([500, 510]);
    expect(await dumping.tick(511)).toMatchObject({ dump_cpu_time: expect.closeTo(180, 0), dump_read: 100 });
    await dumping.tick(520);
    expect(await dumping.tick(521)).toMatchObject({ dump_cpu_time: 180, dump_read: expect.closeTo(66.7, 1) });
  });
});

import { describe, expect, it } from 'vitest';

import { error } from '../../helpers/netlink_channel.ts';
import { COUNTS, Counting } from '../../helpers/sockets_module.ts';

describe('the interval of counts', () => {
  it('grows and shrinks with their cost, which is logged with the number of sockets', async () => {
    const counting = new Counting();
    // Eight receipts: three datagrams of TCP, one of UDP and one of UDP over IPv6, each reply with its end.
    counting.cost = 50_000;
    await counting.tick(500);
    const { every } = counting.module;
    expect(every).toBe(20);
    counting.cost = 100;
    expect(await counting.countedAt(501, 526)).toEqual([520, 525]);
    expect(counting.module.every).toBe(5);
    expect(counting.log.lines).toEqual(Array(2).fill('info changed the interval between counts of sockets'));
    expect(counting.log.entries.map(({ fields }) => fields)).toEqual([
      { sockets: 12, cpu_ms: 400, seconds: 20 },
      { sockets: 12, cpu_ms: 1, seconds: 5 },
    ]);
  });

  it('ignores the cost of a failed attempt at sock_diag every ten minutes', async () => {
    const counting = new Counting();
    // TCP in three datagrams and an end, then a refusal; procfs in eight reads.
    counting.host.answers.udpSockets = [[error(2)]];
    counting.cost = 9000;
    const [usual, tries] = [new Set<number>(), new Map<number, number>()];
    const times: number[] = [];
    for (let second = 500; second <= 1800; second++) {
      const { asked, opened } = counting.host;
      const [lists, before] = [opened.length, counting.runtime.cpuTime()];
      const isFound = times.at(-1) === second - 1;
      expect(await counting.tick(second)).toEqual(isFound ? COUNTS : undefined);
      if (opened.length > lists) times.push(second);
      const cost = counting.runtime.cpuTime() - before;
      if (counting.host.asked > asked) tries.set(second, cost);
      else if (opened.length > lists) usual.add(cost);
    }
    // 2 % of five seconds are 100 ms. Once that is exceeded, only 80 ms would lead back to five seconds.
    expect([...usual]).toEqual([72_000]);
    expect([...tries]).toEqual([500, 1100, 1700].map((second) => [second, 117_000]));
    expect(times).toEqual(Array.from({ length: 261 }, (_, at) => 500 + 5 * at));
    expect(counting.log.lines).toEqual([expect.stringMatching(/^info sockets are counted from procfs/)]);
  });

  it('follows the cost of procfs, except that of the first count', async () => {
    const counting = new Counting();
    counting.host.answers.udpSockets = [[error(2)]];
    // Procfs takes 160 ms: too much for five seconds, but the first count is not charged.
    counting.cost = 20_000;
    const every: number[] = [];
    for (const second of [500, 505, 510]) {
      await counting.tick(second);
      every.push(counting.module.every);
    }
    expect(every).toEqual([5, 5, 10]);
  });

  it.each([
    [0.02, 10],
    [0.5, 5],
    [0.001, 300],
  ])('keeps their cost below %d of a CPU: %i s', async (share, seconds) => {
    const counting = new Counting({ cpu_share: 100 * share });
    await counting.tick(500);
    counting.cost = 20_000;
    await counting.tick(505);
    expect(counting.module.every).toBe(seconds);
  });
});

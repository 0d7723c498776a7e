import { describe, expect, it } from 'vitest';

import type { Sources } from '../../collector/functions/sources.ts';
import { TOP } from '../../collector/functions/top.ts';
import { ProblemError } from '../../collector/modules/problem.ts';
import { LiveKernel, liveEvent, rowsOf } from '../helpers/live_kernel.ts';
import { connection, TABLE } from '../helpers/live_table.ts';
import { failure, overrun } from '../helpers/netlink_channel.ts';

describe('the rate of new connections', () => {
  it('counts the reports that come while the table is read', async () => {
    const kernel = new LiveKernel({ tables: [TABLE] });
    const fresh = [connection(1), connection(1), connection(300), connection(1)].map((entry) =>
      liveEvent('new', entry),
    );
    kernel.events.push([...fresh, liveEvent('update', connection(2)), liveEvent('destroyed', connection(2))]);
    const rows = await kernel.rows(TOP);
    expect(rows.map((row) => row['new'])).toEqual([3, 1, 0, 0]);
    const [table, events] = kernel.channels;
    expect([table?.joined, events?.joined, kernel.isClosed]).toEqual([[], [1], true]);
  });

  it('is that of a second, however long the table is read', async () => {
    const kernel = new LiveKernel({ tables: [TABLE] });
    kernel.clock.oversleep(3900);
    kernel.events.push(Array.from({ length: 8 }, () => liveEvent('new', connection(1))));
    const [row] = await kernel.rows(TOP);
    // It can listen for some tenths of a second more.
    expect(row).toMatchObject({ source: '10.0.0.1', new: expect.closeTo(2, 0) });
  });

  it('says how much too low it is if too many sources open connections', async () => {
    const kernel = new LiveKernel({ tables: [[connection(1)]] });
    const often = Array.from({ length: 5 }, () => liveEvent('new', connection(1)));
    const once = Array.from({ length: 16_400 }, (_, place) => liveEvent('new', connection(2 + place)));
    for (const message of [...often, ...once]) kernel.events.push([message]);
    const answer = await kernel.answer(TOP);
    expect(rowsOf(answer)).toMatchObject([{ source: '10.0.0.1', new: 5 }]);
    expect(answer.notes).toContain(
      'New connections per second are too low by at most 1: they are of too many sources.',
    );
  });

  it.each<[string, (kernel: LiveKernel) => void, string]>([
    ['the kernel drops some', (kernel) => kernel.events.push(overrun()), 'the kernel reports them faster than'],
    ['one is malformed', (kernel) => kernel.events.push([Uint8Array.of(1, 2, 3, 4)]), 'are malformed'],
    ['the channel fails', (kernel) => kernel.events.push(failure('EPERM')), 'the plugin lacks CAP_NET_ADMIN'],
  ])('is unknown when %s', async (_, prepare, reason) => {
    const kernel = new LiveKernel({ tables: [TABLE] });
    prepare(kernel);
    const answer = await kernel.answer(TOP);
    expect(rowsOf(answer).map((row) => row['new'])).toEqual([null, null, null, null]);
    expect(answer.notes.find((note) => note.startsWith('New connections per second are unknown'))).toContain(reason);
    expect(kernel.isClosed).toBe(true);
  });

  it('is unknown while events are turned off, and nothing listens', async () => {
    const kernel = new LiveKernel({ tables: [TABLE] }, { eventSetting: () => 0 });
    const { notes } = await kernel.answer(TOP);
    expect(notes).toContain('New connections per second are unknown: connection tracking events are turned off.');
    expect(kernel.channels).toHaveLength(1);
  });

  it('is not waited for when the table cannot be read', async () => {
    const kernel = new LiveKernel({ tables: [TABLE] });
    const ctnetlink: Sources['ctnetlink'] = (memory) => {
      const channel = kernel.sources.ctnetlink(memory);
      if (kernel.channels.length === 1) throw new ProblemError('tracking_not_loaded', 'ctnetlink');
      return channel;
    };
    const run = TOP.run({}, { ...kernel.sources, ctnetlink }, new AbortController().signal);
    await expect(run).rejects.toThrow(ProblemError);
    expect(kernel.channels.map(({ joined }) => joined)).toEqual([[], [1]]);
    expect(kernel.channels[1]?.isClosed).toBe(true);
    expect(kernel.clock.sleeps.length).toBeLessThan(3);
  });
});

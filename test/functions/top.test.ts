import { describe, expect, it } from 'vitest';

import { TOP } from '../../collector/functions/top.ts';
import { type LiveEntry, LiveKernel, rowsOf } from '../helpers/live_kernel.ts';
import { connection, TABLE } from '../helpers/live_table.ts';

describe('the ranking', () => {
  it('shows the share, the unreplied ones, and what was transferred', async () => {
    const counted: LiveEntry[] = [
      connection(1, { counters: [3, 300, 4, 4000], status: 8 }),
      connection(1, { counters: [5, 500, 6, 6000] }),
      connection(2, { counters: [7, 700, 0, 0] }),
      connection(2, { status: 8 }),
    ];
    const answer = await new LiveKernel({ tables: [counted] }).answer(TOP, { limit: '1' });
    expect(rowsOf(answer)).toEqual([
      {
        source: '10.0.0.1',
        connections: 2,
        connections_error: null,
        share: 50,
        share_error: null,
        unreplied: 1,
        new: 0,
        packets: 18,
        bytes: 10_800,
      },
    ]);
    expect(answer.notes).toEqual([
      'The table holds 4 of at most 262,144 entries (<0.1 %).',
      'Showing 1 of 2 sources in the table.',
    ]);
  });

  it('does not know packets and bytes that are not counted, and says how to count them', async () => {
    const answer = await new LiveKernel({ tables: [TABLE] }).answer(TOP);
    for (const row of rowsOf(answer)) expect(row).toMatchObject({ packets: null, bytes: null });
    expect(answer.notes.at(-1)).toContain('net.netfilter.nf_conntrack_acct=1');
  });

  it('says what share of the connections has no NAT address', async () => {
    const { notes } = await new LiveKernel({ tables: [TABLE] }).answer(TOP, { by: 'nat-address' });
    expect(notes).toContain('83.3 % of all connections have no NAT address.');
  });

  it('marks what holds most of a table that is nearly full', async () => {
    const table = [connection(1), connection(1), connection(2)];
    const full = await new LiveKernel({ tables: [table], max: 3 }).answer(TOP);
    expect(full.rows.map(({ severity }) => severity)).toEqual(['warning', undefined]);
    const half = await new LiveKernel({ tables: [table], max: 6 }).answer(TOP);
    expect(half.rows.map(({ severity }) => severity)).toEqual([undefined, undefined]);
  });

  it.each<[string, Record<string, string>, boolean]>([
    ['the dashboard', {}, false],
    ['a terminal that asks for it', { sample: 'yes' }, true],
  ])('is estimated from a sample of a large table for %s', async (_, given, isPatient) => {
    const [seldom, often] = [connection(7, { status: 8 }), connection(8, { status: 8 })];
    const table = Array.from({ length: 20_100 }, (__, entry) => (entry % 4 === 0 ? seldom : often));
    const kernel = new LiveKernel({ tables: [table], entries: 100_000 }, { isPatient });
    const answer = await kernel.answer(TOP, given);
    const [first, second] = rowsOf(answer);
    // 64 entries come at once.
    expect(first).toEqual({
      source: '10.0.0.8',
      connections: 75_000,
      connections_error: 274,
      share: 75,
      share_error: expect.closeTo(0.2736, 4),
      unreplied: 75_000,
      new: 0,
      packets: null,
      bytes: null,
    });
    expect(second).toMatchObject({ source: '10.0.0.7', connections: 25_000, share: 25 });
    expect(answer.notes[1]).toBe(
      'Estimated from 20,032 of 100,000 entries (20.0 %); standard error of a share at most 0.32 points.',
    );
  });

  it('reads all of a large table for a terminal, and of a small one for the dashboard', async () => {
    const one = connection(7);
    const table = Array.from({ length: 20_100 }, () => one);
    const whole = new LiveKernel({ tables: [table], entries: 100_000 });
    expect(await whole.rows(TOP)).toMatchObject([{ connections: 20_100 }]);
    const small = new LiveKernel({ tables: [table], entries: 40_000 }, { isPatient: false });
    expect(await small.rows(TOP)).toMatchObject([{ connections: 20_100 }]);
  });

  it('of more keys than are counted states its error', async () => {
    const distinct = Array.from({ length: 40_100 }, (_, host) => connection(host));
    const exact = await new LiveKernel({ tables: [distinct.slice(0, 20_500)] }).answer(TOP, { limit: '1' });
    expect(exact.notes).toContain('Showing 1 of 20,500 sources in the table.');
    const { notes } = await new LiveKernel({ tables: [distinct] }).answer(TOP, { limit: '1' });
    expect(notes).toContain('There are too many sources to count all of them: connections are too low by at most 1.');
  });

  it.each<[Record<string, string>, string]>([
    [{ by: 'port' }, 'by: found "port", allowed: source, destination, service, source-network, nat-address, zone'],
    [{ limit: 'all' }, 'limit: found "all"'],
    [{ sample: '1' }, 'sample: found "1", allowed: no value'],
  ])('refuses %j', async (given, message) => {
    await expect(new LiveKernel().answer(TOP, given)).rejects.toThrow(message);
  });

  it('stops when aborted, and closes its channels', async () => {
    const kernel = new LiveKernel({ tables: [TABLE] });
    const abort = new AbortController();
    kernel.clock.onSleep(() => abort.abort());
    await expect(kernel.answer(TOP, {}, abort.signal)).rejects.toThrow('aborted');
    expect([kernel.channels.length, kernel.isClosed]).toEqual([2, true]);
  });
});

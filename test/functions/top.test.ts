import { describe, expect, it } from 'vitest';

import type { Sources } from '../../collector/functions/sources.ts';
import { TOP } from '../../collector/functions/top.ts';
import { ProblemError } from '../../collector/modules/problem.ts';
import { type LiveEntry, LiveKernel, liveEvent, rowsOf } from '../helpers/live_kernel.ts';
import { failure, overrun } from '../helpers/netlink_channel.ts';

function connection(host: number, changes: Partial<LiveEntry> = {}): LiveEntry {
  const original = { from: `10.0.${host >> 8}.${host & 255}`, sport: 40_000, to: '192.0.2.1', dport: 443 };
  return { protocol: 6, state: [1, 3], status: 0xa, original, ...changes };
}

const FROM_6: LiveEntry = { original: { from: 'fd00:1:2:3::9', to: 'fd99::1', sport: 1, dport: 53 }, status: 8 };
const TRANSLATED = connection(1, {
  status: 0x1a,
  reply: { from: '192.0.2.1', to: '203.0.113.9', sport: 443, dport: 1 },
});

const TABLE: readonly LiveEntry[] = [
  connection(1),
  connection(1, { status: 8, state: [1, 1] }),
  TRANSLATED,
  connection(300, { zone: 5, mark: 9 }),
  connection(2, { protocol: 1, icmp: { type: 8, code: 0, id: 7 }, original: { from: '10.0.0.2', to: '192.0.2.2' } }),
  FROM_6,
];

/** The first column and the connections. */
async function ranked(by: string): Promise<[unknown, unknown][]> {
  const rows = await new LiveKernel({ tables: [TABLE] }).rows(TOP, { by });
  return rows.map((row) => [row[by], row['connections']]);
}

describe('the ranking', () => {
  it.each<[string, readonly [string, number][]]>([
    [
      'source',
      [
        ['10.0.0.1', 3],
        ['10.0.1.44', 1],
        ['10.0.0.2', 1],
        ['fd00:1:2:3::9', 1],
      ],
    ],
    [
      'destination',
      [
        ['192.0.2.1', 4],
        ['192.0.2.2', 1],
        ['fd99::1', 1],
      ],
    ],
    [
      'service',
      [
        ['tcp/443', 4],
        ['icmp type 8', 1],
        ['udp/53', 1],
      ],
    ],
    [
      'source-network',
      [
        ['10.0.0.0/24', 4],
        ['10.0.1.0/24', 1],
        ['fd00:1:2:3::/64', 1],
      ],
    ],
    ['nat-address', [['203.0.113.9', 1]]],
    [
      'zone',
      [
        ['0', 5],
        ['5', 1],
      ],
    ],
    [
      'mark',
      [
        ['0', 5],
        ['9', 1],
      ],
    ],
    [
      'state',
      [
        ['tcp ESTABLISHED', 3],
        ['tcp SYN_SENT', 1],
        ['icmp SEEN_REPLY', 1],
        ['udp UNREPLIED', 1],
      ],
    ],
  ])('by %s counts connections', async (by, expected) => {
    expect(await ranked(by)).toEqual(expected);
  });

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

  it('counts new connections per second while it listens', async () => {
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

  it('says how much too low the rates are if too many sources open connections', async () => {
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
  ])('does without the rate of new connections when %s', async (_, prepare, reason) => {
    const kernel = new LiveKernel({ tables: [TABLE] });
    prepare(kernel);
    const answer = await kernel.answer(TOP);
    expect(rowsOf(answer).map((row) => row['new'])).toEqual([null, null, null, null]);
    expect(answer.notes.find((note) => note.startsWith('New connections per second are unknown'))).toContain(reason);
    expect(kernel.isClosed).toBe(true);
  });

  it('does not listen while events are turned off', async () => {
    const kernel = new LiveKernel({ tables: [TABLE] }, { eventSetting: () => 0 });
    const { notes } = await kernel.answer(TOP);
    expect(notes).toContain('New connections per second are unknown: connection tracking events are turned off.');
    expect(kernel.channels).toHaveLength(1);
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
      connections_error: 306,
      share: 75,
      share_error: expect.closeTo(0.3059, 4),
      unreplied: 75_000,
      new: 0,
      packets: null,
      bytes: null,
    });
    expect(second).toMatchObject({ source: '10.0.0.7', connections: 25_000, share: 25 });
    expect(answer.notes[1]).toBe(
      'Estimated from 20,032 of 100,000 entries (20.0 %); standard error of a share at most 0.35 points.',
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

  it('stops listening for new connections when the table cannot be read', async () => {
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

  it('stops when aborted, and closes its channels', async () => {
    const kernel = new LiveKernel({ tables: [TABLE] });
    const abort = new AbortController();
    kernel.clock.onSleep(() => abort.abort());
    await expect(kernel.answer(TOP, {}, abort.signal)).rejects.toThrow('aborted');
    expect([kernel.channels.length, kernel.isClosed]).toEqual([2, true]);
  });
});

import { describe, expect, it } from 'vitest';

import { CONNECTIONS } from '../../collector/functions/connections.ts';
import { ArgumentError } from '../../collector/functions/function.ts';
import type { ProblemError } from '../../collector/modules/problem.ts';
import { ENTRIES, WEB, WEB_ID } from '../helpers/live_entries.ts';
import { type LiveEntry, LiveKernel, NOW, rowsOf } from '../helpers/live_kernel.ts';
import { failure } from '../helpers/netlink_channel.ts';
import { expectRefusedArgument } from '../helpers/refused_argument.ts';

describe('the list of connections', () => {
  it('shows everything about a connection', async () => {
    const [row] = await new LiveKernel({ tables: [ENTRIES] }).rows(CONNECTIONS);
    expect(row).toEqual({
      protocol: 'tcp',
      state: 'ESTABLISHED',
      source: '10.0.0.7',
      source_port: 40_001,
      destination: '192.0.2.1',
      destination_port: 443,
      translated_source: '203.0.113.9:50001',
      translated_destination: null,
      status: 'SEEN_REPLY,ASSURED',
      timeout: 431_999,
      age: 61,
      packets: 28,
      bytes: 3200,
      zone: 7,
      mark: 0x21,
      helper: 'ftp',
      icmp: null,
      original_packets: 11,
      original_bytes: 1300,
      reply_packets: 17,
      reply_bytes: 1900,
      original_zone: null,
      reply_zone: null,
      family: 'ipv4',
      id: WEB_ID,
    });
  });

  it('shows what is not known as null', async () => {
    const rows = await new LiveKernel({ tables: [ENTRIES] }).rows(CONNECTIONS);
    expect(rows[1]).toMatchObject({
      protocol: 'udp',
      state: null,
      translated_source: null,
      translated_destination: '10.9.9.9:5300',
      status: 'UNREPLIED',
      age: null,
      packets: null,
      bytes: null,
      zone: 0,
      helper: null,
    });
    expect(rows[2]).toMatchObject({
      icmp: 'type=128 code=1 id=815',
      source_port: null,
      family: 'ipv6',
      source: 'fd00::5',
    });
    expect(rows[3]).toMatchObject({ protocol: 'sctp', state: 'ESTABLISHED', status: 'SEEN_REPLY,FIXED_TIMEOUT' });
    expect(rows[4]).toMatchObject({ protocol: 'dccp', state: 'OPEN' });
    expect(rows[5]).toMatchObject({ protocol: 'esp', status: 'SEEN_REPLY,ASSURED,OFFLOAD', original_zone: 3 });
  });

  it.each<[Record<string, string>, string]>([
    [{ sort: 'source' }, 'sort: found "source", allowed: timeout, age, bytes or packets'],
    [{ limit: '0' }, 'limit: found "0", allowed: a number from 1 to 100000, or to 10000 with INTERVAL'],
    [{ limit: '100001' }, 'limit: found "100001"'],
    [{ expectations: 'maybe' }, 'expectations: found "maybe", allowed: no value'],
    [{ ports: '1' }, 'unknown argument "ports", allowed: proto, state'],
  ])('refuses %j before anything is opened', async (given, message) => {
    await expectRefusedArgument(CONNECTIONS, given, message);
  });

  it('refuses more than 10,000 rows unless someone waits at a terminal', async () => {
    const given = { limit: '10001' };
    const answer = new LiveKernel({}, { isPatient: false }).answer(CONNECTIONS, given);
    await expect(answer).rejects.toThrow(new ArgumentError('limit: found "10001", allowed: a number from 1 to 10000'));
    expect((await new LiveKernel().answer(CONNECTIONS, given)).rows).toEqual([]);
  });

  it.each<[string, readonly unknown[]]>([
    ['timeout', [WEB_ID, 2]],
    ['age', [8, WEB_ID]],
    ['bytes', [WEB_ID, 9]],
    ['packets', [9, WEB_ID]],
  ])('sorted by %s keeps the largest ones', async (sort, expected) => {
    const others: readonly LiveEntry[] = [
      { original: WEB.original, timeout: 1, id: 8, startedAt: NOW - 90_000 },
      { original: WEB.original, timeout: 2, id: 9, counters: [20, 100, 20, 100] },
    ];
    const kernel = new LiveKernel({ tables: [[...others, ...ENTRIES]] });
    const answer = await kernel.answer(CONNECTIONS, { sort, limit: '2' });
    expect(rowsOf(answer).map((row) => row['id'])).toEqual(expected);
    expect(answer.sortedBy).toBe(sort);
    expect(answer.notes).toContain(
      `Showing 2 of 8 matching connections, those with the largest ${sort}; narrow the filter or raise the limit to see ` +
        'the others.',
    );
  });

  it('says how full the table is and how many connections match', async () => {
    const { notes } = await new LiveKernel({ tables: [ENTRIES], max: 24 }).answer(CONNECTIONS, { family: 'ipv6' });
    expect(notes).toEqual(['The table holds 6 of at most 24 entries (25.0 %).', 'Matching connections: 2.']);
  });

  it('sorted by what no connection has names the setting that is missing', async () => {
    const bare = ENTRIES.slice(1, 2);
    const { notes } = await new LiveKernel({ tables: [bare] }).answer(CONNECTIONS, { sort: 'bytes' });
    expect(notes.at(-1)).toContain('nf_conntrack_acct');
  });

  it('closes its channel, also after an error of the kernel, which is a problem', async () => {
    const kernel = new LiveKernel({ tables: [ENTRIES] });
    await kernel.answer(CONNECTIONS);
    expect([kernel.channels.length, kernel.isClosed]).toEqual([1, true]);
    const refusing = new LiveKernel();
    const open = refusing.sources.ctnetlink;
    const ctnetlink: typeof open = (memory) => {
      open(memory);
      const [channel] = refusing.channels;
      if (channel === undefined) throw new Error('not opened');
      channel.failures.send = failure('EPERM', 'send to');
      return channel;
    };
    const error = await CONNECTIONS.run({}, { ...refusing.sources, ctnetlink }, new AbortController().signal).catch(
      (thrown: unknown) => thrown,
    );
    expect((error as ProblemError).problem.code).toBe('no_capability');
    expect(refusing.isClosed).toBe(true);
  });

  it('stops between two slices when aborted, and closes its channel', async () => {
    const kernel = new LiveKernel({ tables: [Array.from({ length: 1000 }, () => WEB)] });
    const abort = new AbortController();
    const release = kernel.runtime.hold();
    // Every slice ends after the first step.
    const monotonic = kernel.runtime.monotonic.bind(kernel.runtime);
    kernel.runtime.monotonic = () => {
      kernel.runtime.compute(6000);
      return monotonic();
    };
    const answer = kernel.answer(CONNECTIONS, {}, abort.signal);
    abort.abort();
    release();
    await expect(answer).rejects.toThrow('This operation was aborted');
    expect([kernel.channels.length, kernel.isClosed]).toEqual([1, true]);
  });
});

import { describe, expect, it } from 'vitest';

import { CONNECTIONS } from '../../collector/functions/connections.ts';
import { ArgumentError } from '../../collector/functions/function.ts';
import type { ProblemError } from '../../collector/modules/problem.ts';
import { type LiveEntry, LiveKernel, liveTuple, NOW, rowsOf } from '../helpers/live_kernel.ts';
import { attribute, failure, netfilter, number } from '../helpers/netlink_channel.ts';

const WEB: LiveEntry = {
  protocol: 6,
  status: 0x1e,
  state: [1, 3],
  original: { from: '10.0.0.7', sport: 40_001, to: '192.0.2.1', dport: 443 },
  reply: { from: '192.0.2.1', sport: 443, to: '203.0.113.9', dport: 50_001 },
  timeout: 431_999,
  id: 0xa1b2c3d4,
  zone: 7,
  mark: 0x21,
  helper: 'ftp',
  counters: [11, 1300, 17, 1900],
  startedAt: NOW - 61_000,
};

const ENTRIES: readonly LiveEntry[] = [
  WEB,
  {
    original: { from: '10.0.0.8', sport: 5353, to: '192.0.2.53', dport: 53 },
    reply: { from: '10.9.9.9', sport: 5300, to: '10.0.0.8', dport: 5353 },
    status: 0x28,
    timeout: 29,
    id: 2,
    mark: 0x12,
  },
  {
    protocol: 58,
    original: { from: 'fd00::5', to: 'fd99::1' },
    icmp: { type: 128, code: 1, id: 815 },
    timeout: 28,
    id: 3,
  },
  {
    protocol: 132,
    status: 0xa,
    state: [3, 4],
    original: { from: '10.3.0.1', sport: 9, to: '10.4.0.1', dport: 90 },
    timeout: 27,
    id: 4,
  },
  { protocol: 33, state: [2, 4], original: { from: 'fd00::6', sport: 1, to: 'fd99::2', dport: 2 }, timeout: 26, id: 5 },
  { protocol: 50, status: 0x400e, original: { from: '10.0.1.7', to: '192.0.2.1', zone: 3 }, timeout: 25, id: 6 },
];

/** The ids of the entries that a filter selects. */
async function selected(given: Readonly<Record<string, string>>): Promise<unknown[]> {
  const rows = await new LiveKernel({ tables: [ENTRIES] }).rows(CONNECTIONS, given);
  return rows.map((row) => row['id']);
}

const WEB_ID = 0xa1b2c3d4;

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
    expect(rows[3]).toMatchObject({ protocol: 'sctp', state: 'ESTABLISHED', status: 'SEEN_REPLY' });
    expect(rows[4]).toMatchObject({ protocol: 'dccp', state: 'OPEN' });
    expect(rows[5]).toMatchObject({ protocol: 'esp', status: 'SEEN_REPLY,ASSURED,OFFLOAD', original_zone: 3 });
  });

  it.each<[Record<string, string>, readonly number[]]>([
    [{ proto: 'tcp' }, [WEB_ID]],
    [{ proto: 'ICMPv6' }, [3]],
    [{ proto: '50' }, [6]],
    [{ proto: '0x21' }, [5]],
    [{ state: 'established' }, [WEB_ID, 4]],
    [{ state: 'OPEN' }, [5]],
    [{ src: '10.0.0.0/8' }, [WEB_ID, 2, 4, 6]],
    [{ src: '10.0.0.7' }, [WEB_ID]],
    [{ src: 'fd00::/16' }, [3, 5]],
    [{ src: '0.0.0.0/0' }, [WEB_ID, 2, 4, 6]],
    [{ dst: '192.0.2.1' }, [WEB_ID, 6]],
    [{ dst: 'fd99::2/128' }, [5]],
    [{ sport: '9' }, [4]],
    [{ dport: '443' }, [WEB_ID]],
    [{ nat: 'any' }, [WEB_ID, 2]],
    [{ nat: 'src' }, [WEB_ID]],
    [{ nat: 'dst' }, [2]],
    [{ nat: 'none' }, [3, 4, 5, 6]],
    [{ nat: '203.0.113.0/24' }, [WEB_ID]],
    [{ nat: '10.9.9.9' }, [2]],
    [{ nat: '10.0.0.8' }, []],
    [{ zone: '7' }, [WEB_ID]],
    [{ zone: '0' }, [2, 3, 4, 5, 6]],
    [{ mark: '33' }, [WEB_ID]],
    [{ mark: '0x1/0xf' }, [WEB_ID]],
    [{ mark: '0x10/0x30' }, [2]],
    [{ mark: '0' }, [3, 4, 5, 6]],
    [{ status: 'ASSURED' }, [WEB_ID, 6]],
    [{ status: 'seen_reply,assured' }, [WEB_ID, 6]],
    [{ status: 'UNREPLIED' }, [2, 3, 5]],
    [{ status: 'OFFLOAD' }, [6]],
    [{ family: 'ipv6' }, [3, 5]],
    [{ family: 'all', proto: 'tcp' }, [WEB_ID]],
    [{ proto: 'tcp', dport: '53' }, []],
  ])('with the filter %j selects %j', async (given, expected) => {
    expect(await selected(given)).toEqual(expected);
  });

  it.each<[Record<string, string>, string]>([
    [{ proto: 'tpc' }, 'proto: found "tpc", allowed: a name such as tcp'],
    [{ proto: '256' }, 'proto: found "256"'],
    [{ state: 'OPENED' }, 'state: found "OPENED", allowed: the name of a state'],
    [{ src: '10.0.0.0/33' }, 'src: found "10.0.0.0/33", allowed: an address, or a network'],
    [{ dst: 'example.org' }, 'dst: found "example.org"'],
    [{ sport: '65536' }, 'sport: found "65536", allowed: a port from 0 to 65535'],
    [{ dport: '-1' }, 'dport: found "-1"'],
    [{ dport: '' }, 'dport: found ""'],
    [{ nat: 'both' }, 'nat: found "both", allowed: any, src, dst, none, an address or a network'],
    [{ zone: '65536' }, 'zone: found "65536"'],
    [{ mark: '1/' }, 'mark: found "1/"'],
    [{ mark: '1/2/3' }, 'mark: found "1/2/3"'],
    [{ mark: '0x100000000' }, 'mark: found "0x100000000"'],
    [{ mark: 'x' }, 'mark: found "x"'],
    [{ status: 'ASSURED,' }, 'status: found "ASSURED,", allowed: one or more of'],
    [{ status: 'toString' }, 'status: found "toString"'],
    [{ family: 'ipv5' }, 'family: found "ipv5", allowed: all, ipv4 or ipv6'],
    [{ sort: 'source' }, 'sort: found "source", allowed: timeout, age, bytes or packets'],
    [{ limit: '0' }, 'limit: found "0", allowed: a number from 1 to 100000, or to 10000 with INTERVAL'],
    [{ limit: '100001' }, 'limit: found "100001"'],
    [{ expectations: 'maybe' }, 'expectations: found "maybe", allowed: no value'],
    [{ ports: '1' }, 'unknown argument "ports", allowed: proto, state'],
    [{ expectations: 'yes', state: 'NONE' }, 'state: found "NONE", allowed: nothing together with expectations'],
  ])('refuses %j before anything is opened', async (given, message) => {
    const kernel = new LiveKernel();
    const error = await kernel.answer(CONNECTIONS, given).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ArgumentError);
    expect((error as Error).message).toContain(message);
    expect(kernel.channels).toEqual([]);
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

  it('leaves out columns of which nothing is known, and names the setting that is missing', async () => {
    const bare = ENTRIES.slice(1, 2);
    const { columns, notes } = await new LiveKernel({ tables: [bare] }).answer(CONNECTIONS, { sort: 'bytes' });
    const ids = columns.map(({ id }) => id);
    expect(ids).toContain('bytes');
    expect(ids).toContain('source_port');
    for (const id of ['age', 'packets', 'helper', 'translated_source']) expect(ids).not.toContain(id);
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

/** An expectation of FTP to a port. */
function expected(port: number, timeout: number, zone = 0): Uint8Array {
  const [server, client] = ['192.0.2.21', '10.0.0.7'];
  return netfilter(
    { type: 0x200, flags: 2 },
    { family: 2 },
    liveTuple(2, 6, { from: server, sport: 0, to: client, dport: port }),
    liveTuple(3, 6, { from: '255.255.255.255', sport: 0, to: '255.255.255.0', dport: 0xffff }),
    liveTuple(1, 6, { from: client, sport: 40_021, to: server, dport: 21 }),
    attribute(7, number(zone, 2)),
    attribute(4, number(timeout, 4)),
    attribute(8, number(1, 4)),
    attribute(9, number(2, 4)),
    attribute(6, Uint8Array.from(Buffer.from('ftp\0'))),
  );
}

describe('the list of expectations', () => {
  const kernel = (): LiveKernel => new LiveKernel({ expectations: [expected(5001, 100), expected(5002, 200, 4)] });

  it('shows the expected connection, its master and its mask', async () => {
    const [row] = await kernel().rows(CONNECTIONS, { expectations: 'yes', dport: '5001' });
    expect(row).toEqual({
      protocol: 'tcp',
      source: '192.0.2.21',
      source_port: 0,
      destination: '10.0.0.7',
      destination_port: 5001,
      master_source: '10.0.0.7',
      master_source_port: 40_021,
      master_destination: '192.0.2.21',
      master_destination_port: 21,
      timeout: 100,
      helper: 'ftp',
      class: 2,
      flags: 'PERMANENT',
      zone: 0,
      source_mask: '255.255.255.255',
      destination_mask: '255.255.255.0',
      family: 'ipv4',
    });
  });

  it.each<[Record<string, string>, readonly number[]]>([
    [{}, [5002, 5001]],
    [{ limit: '1' }, [5002]],
    [{ zone: '4' }, [5002]],
    [{ src: '192.0.2.0/24', proto: 'tcp' }, [5002, 5001]],
    [{ proto: 'udp' }, []],
    [{ family: 'ipv6' }, []],
    [{ dst: '10.0.0.8' }, []],
  ])('with the filter %j selects %j', async (given, ports) => {
    const live = kernel();
    const rows = await live.rows(CONNECTIONS, { ...given, expectations: 'yes' });
    expect(rows.map((row) => row['destination_port'])).toEqual(ports);
    expect(live.isClosed).toBe(true);
  });
});

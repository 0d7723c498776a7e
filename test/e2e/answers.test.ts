/** Live answers about real tables, compared with `conntrack -L` entry by entry and group by group. */

import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';

import type { Cell } from '../../collector/functions/answer.ts';
import { Answering } from '../helpers/answering.ts';
import { type PrintedEntry, parsePrinted } from '../helpers/conntrack_text.ts';
import { BLACK_HOLE, Laboratory, ROUTER_ADDRESS, SERVER_ADDRESS, SERVER_ADDRESS_6 } from '../helpers/laboratory.ts';
import { rowsOf } from '../helpers/live_kernel.ts';
import { until } from '../helpers/until.ts';

/** Port 5002 is translated to the server's 5001, 5003 gets a port of the router, 5004 both. */
const TRANSLATIONS = `
table inet translations {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr ${ROUTER_ADDRESS} tcp dport { 5002, 5004 } dnat ip to ${SERVER_ADDRESS}:5001
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    meta l4proto tcp th dport 5003 masquerade to :50000-50099
    meta l4proto tcp ct original proto-dst 5004 masquerade
  }
}
`;

/** Names that conntrack does not have. */
const NAMES: Readonly<Record<number, string>> = { 50: 'esp' };

/** Filters, and the options of `conntrack -L` that mean the same. */
const FILTERS: readonly [Record<string, string>, readonly string[]][] = [
  [{}, []],
  [{ proto: 'tcp' }, ['-p', 'tcp']],
  [{ proto: '132' }, ['-p', 'sctp']],
  [{ proto: 'tcp', state: 'ESTABLISHED' }, ['-p', 'tcp', '--state', 'ESTABLISHED']],
  [{ proto: 'tcp', state: 'SYN_SENT' }, ['-p', 'tcp', '--state', 'SYN_SENT']],
  [{ src: '10.88.0.0/17' }, ['-s', '10.88.0.0/17']],
  [{ src: '10.77.1.2' }, ['-s', '10.77.1.2']],
  [{ dst: '10.99.0.1' }, ['-d', '10.99.0.1']],
  [{ dst: 'fd99::1' }, ['-f', 'ipv6', '-d', 'fd99::1']],
  [{ src: 'fd88::/16', family: 'ipv6' }, ['-f', 'ipv6', '-s', 'fd88::/16']],
  [{ proto: 'tcp', dport: '5001' }, ['-p', 'tcp', '--dport', '5001']],
  [{ proto: 'udp', sport: '1030' }, ['-p', 'udp', '--sport', '1030']],
  [{ nat: 'any' }, ['--any-nat']],
  [{ nat: 'src' }, ['--src-nat']],
  [{ nat: 'dst' }, ['--dst-nat']],
  [{ nat: '203.0.113.7' }, ['--src-nat', '203.0.113.7']],
  [{ nat: '192.0.2.8' }, ['--dst-nat', '192.0.2.8']],
  [{ zone: '3' }, ['-w', '3']],
  [{ mark: '22' }, ['-m', '22']],
  [{ mark: '0x2/0xf' }, ['-m', '0x2/0xf']],
  [{ status: 'ASSURED' }, ['-u', 'ASSURED']],
  [{ status: 'SEEN_REPLY' }, ['-u', 'SEEN_REPLY']],
  [{ family: 'ipv6' }, ['-f', 'ipv6']],
  [
    { proto: 'icmp', status: 'SEEN_REPLY', src: '10.88.0.0/16' },
    ['-p', 'icmp', '-u', 'SEEN_REPLY', '-s', '10.88.0.0/16'],
  ],
];

/** What the ranking counts connections by, from what conntrack prints. */
const GROUPS: Readonly<Record<string, (entry: PrintedEntry) => string | undefined>> = {
  source: ({ original }) => original.src,
  destination: ({ original }) => original.dst,
  service: ({ original, ...entry }) => {
    const name = nameOf(entry);
    if (original.icmp !== null) return `${name} type ${/type=(\d+)/.exec(original.icmp)?.[1]}`;
    return original.dport === null ? name : `${name}/${original.dport}`;
  },
  'nat-address': ({ isSourceTranslated, reply }) => (isSourceTranslated ? reply.dst : undefined),
  zone: ({ zone }) => String(zone),
  mark: ({ mark }) => String(mark),
};

describe.skipIf(inject('missing').kernel !== undefined)('live answers', () => {
  let laboratory: Laboratory;
  let answering: Answering;

  beforeAll(async () => {
    laboratory = Laboratory.create();
    laboratory.addRules('router', TRANSLATIONS);
    for (const timeout of ['udp_timeout', 'udp_timeout_stream', 'tcp_timeout_syn_sent']) {
      laboratory.set(`nf_conntrack_${timeout}`, 600);
    }
    laboratory.set('nf_conntrack_acct', 1);
    laboratory.set('nf_conntrack_timestamp', 1);
    for (const port of [5001, 5003]) await laboratory.traffic('server', 'tcp-echo', port, 300);
    await laboratory.traffic('server', 'udp-echo', 5006, 300);
    answering = new Answering(laboratory);
  });

  afterEach(() => laboratory.flush());

  afterAll(() => laboratory?.close());

  /** The entries that conntrack prints with these options, by id. */
  function printed(...options: readonly string[]): Map<number, PrintedEntry> {
    const text = laboratory.run('router', ['conntrack', '-L', '-o', 'extended,id,ktimestamp', ...options]);
    return new Map(parsePrinted(text).map((entry) => [entry.id, entry]));
  }

  /** Connections in both NAT directions and of both families, then entries of every protocol, with marks and zones. */
  async function fill(): Promise<void> {
    const connect = (host: string, port: number, count: number, act: string): Promise<unknown> =>
      laboratory.traffic('client', 'tcp-connect', host, port, count, act, 300);
    await connect(SERVER_ADDRESS, 5001, 5, 'hold');
    await connect(SERVER_ADDRESS_6, 5001, 3, 'hold');
    await connect(ROUTER_ADDRESS, 5002, 4, 'hold');
    await connect(SERVER_ADDRESS, 5003, 6, 'hold');
    await connect(ROUTER_ADDRESS, 5004, 2, 'hold');
    await connect(SERVER_ADDRESS, BLACK_HOLE, 3, 'try');
    await laboratory.finishedTraffic('client', 'udp-spread', SERVER_ADDRESS, BLACK_HOLE, 11, 100, 60);
    await laboratory.traffic('client', 'udp-talk', SERVER_ADDRESS_6, 5006, 4, 2, 300);
    laboratory.restore(mixedEntries(6000));
    // Three refused SYNs are tried again after one and three seconds; then the counters stand still.
    await until('nothing changes any more', 60, async () => {
      const before = [...printed().values()].map(({ original, reply }) => [original, reply]);
      await new Promise((resolve) => setTimeout(resolve, 5000));
      expect([...printed().values()].map(({ original, reply }) => [original, reply])).toEqual(before);
      return true;
    });
  }

  it('list, filter and count what conntrack -L prints', async () => {
    await fill();
    const entries = printed();
    expect(entries.size).toBeGreaterThan(6000);

    const answer = await answering.answer('connections', { limit: '10000' });
    const rows = rowsOf(answer);
    expect(rows.map((row) => row['id']).sort()).toEqual([...entries.keys()].sort());
    for (const row of rows) expectSame(row, entries.get(Number(row['id'])));
    const kinds = new Set(rows.map((row) => row['protocol']));
    expect(kinds).toEqual(new Set(['tcp', 'udp', 'icmp', 'icmpv6', 'sctp', 'gre', 'udplite', 'esp']));
    expect(rows.filter((row) => row['age'] !== null).length).toBeGreaterThan(30);

    for (const [given, options] of FILTERS) {
      const matching = rowsOf(await answering.answer('connections', { ...given, limit: '100000' }));
      const expected = [...printed(...options).keys()];
      expect(expected.length, options.join(' ')).toBeGreaterThan(0);
      expect(matching.map((row) => row['id']).sort(), options.join(' ')).toEqual(expected.sort());
    }

    for (const [by, keyOf] of Object.entries(GROUPS)) {
      const ranked = rowsOf(await answering.answer('top', { by, limit: '10000' }));
      const counted = ranked.map((row) => [
        row[by],
        row['connections'],
        row['unreplied'],
        row['packets'],
        row['bytes'],
      ]);
      expect(sorted(counted), by).toEqual(sorted(groupsOf([...entries.values()], keyOf)));
    }

    const ports = rowsOf(await answering.answer('nat-ports', { limit: '10000' }));
    const used = ports.map((row) => [row['protocol'], row['address'], row['destination'], row['zone'], row['used']]);
    expect(sorted(used)).toEqual(sorted(endpointsOf([...entries.values()])));
    expect(used).toContainEqual(['tcp', '10.77.2.1', `${SERVER_ADDRESS}:5003`, 0, 6]);

    const pools = [{ network: '10.77.2.1', low: 50_000, high: 50_099 }];
    const pooled = rowsOf(await answering.answer('nat-ports', {}, { pools }));
    const masqueraded = pooled.find((row) => row['destination'] === `${SERVER_ADDRESS}:5003`);
    expect(masqueraded).toMatchObject({ used: 6, pool: 100, percent: 6, sources: '10.77.1.2 (6)' });
  });

  it('list the expectations that were made', async () => {
    const master = ['-s', '10.1.1.1', '-d', '10.2.2.2', '-p', 'tcp', '--sport', '1024', '--dport', '21'];
    laboratory.run('router', ['conntrack', '-I', ...master, '--state', 'ESTABLISHED', '-t', '300', '--helper', 'ftp']);
    const tuples = ['--tuple-src', '10.4.4.4', '--tuple-dst', '10.5.5.5', '--mask-src', '255.255.255.0'];
    const expected = [
      '-p',
      'tcp',
      '--sport',
      '10',
      '--dport',
      '20',
      '-t',
      '200',
      ...tuples,
      '--mask-dst',
      '255.255.255.255',
    ];
    laboratory.run('router', ['conntrack', '-I', 'expect', '-s', '10.1.1.1', '-d', '10.2.2.2', ...expected]);
    const text = laboratory.run('router', ['conntrack', '-L', 'expect']);
    expect(text).toContain('dport=20');
    const rows = rowsOf(await answering.answer('connections', { expectations: 'yes' }));
    expect(rows).toMatchObject([
      { protocol: 'tcp', source: '10.4.4.0', destination: '10.5.5.5', destination_port: 20 },
    ]);
  });

  it('estimate the shares of a large table from a sample', async () => {
    laboratory.restore(mixedEntries(60_000));
    const entries = [...printed().values()];
    for (const by of ['service', 'mark', 'zone'] as const) {
      const answer = await answering.answer('top', { by, limit: '10000' }, { isPatient: false });
      expect(answer.notes[1]).toMatch(/^Estimated from 2\d,\d{3} of 60,\d{3} entries/);
      const groups = new Map(
        groupsOf(entries, (entry) => GROUPS[by]?.(entry)).map(([key, count]) => [key, Number(count)]),
      );
      for (const row of rowsOf(answer)) {
        const share = (groups.get(row[by] ?? null) ?? 0) / entries.length;
        const error = Math.sqrt((share * (1 - share)) / 20_000);
        // Beyond four standard errors is about one of 16,000.
        expect(Math.abs(Number(row['share']) / 100 - share), `${by} ${row[by]}`).toBeLessThanOrEqual(4 * error + 1e-4);
      }
    }
  });

  it('show connections that go nowhere, and which of them are refreshed', async () => {
    await laboratory.traffic('client', 'udp-talk', SERVER_ADDRESS, BLACK_HOLE + 5, 3, 40, 300);
    await laboratory.finishedTraffic('client', 'udp-spread', SERVER_ADDRESS, BLACK_HOLE + 100, 2, 100, 60);
    const rows = rowsOf(await answering.answer('stuck'));
    const of = (port: number): unknown => rows.find((row) => row['destination'] === `${SERVER_ADDRESS}:${port}`);
    expect(of(BLACK_HOLE + 5)).toMatchObject({ protocol: 'udp', connections: 3, refreshed: 3, source: '10.77.1.2' });
    expect(of(BLACK_HOLE + 101)).toMatchObject({ connections: 1, refreshed: 0 });
  });

  it('show new and destroyed connections until a minute after the last call', async () => {
    const first = await answering.call('events', { proto: 'udp' }, { isPatient: false });
    expect(first.answer?.rows).toEqual([]);
    await laboratory.finishedTraffic('client', 'udp-spread', SERVER_ADDRESS, BLACK_HOLE, 200, 1000, 60);
    laboratory.flush();
    await until('all events are shown', 20, async () => {
      const rows = rowsOf(await answering.answer('events', { proto: 'udp' }, { isPatient: false }));
      const ports = (kind: string): Cell[] =>
        rows.filter((row) => row['event'] === kind).map((row) => row['destination_port'] ?? null);
      const expected = Array.from({ length: 200 }, (_, port) => BLACK_HOLE + port);
      expect(sorted(ports('new'))).toEqual(sorted(expected));
      expect(sorted(ports('destroyed'))).toEqual(sorted(expected));
      return true;
    });
    const { sockets } = await answering.call('connections', { limit: '1' });
    expect(sockets).toBe(first.sockets);
  });

  it('count new connections per second', async () => {
    await laboratory.traffic('client', 'udp-flows', SERVER_ADDRESS, BLACK_HOLE, 200, 20);
    const [row] = rowsOf(await answering.answer('top', { by: 'destination' }));
    expect(row?.['destination']).toBe(SERVER_ADDRESS);
    expect(Number(row?.['new'])).toBeGreaterThan(0);
  });

  it('end when aborted, and leave no socket behind', async () => {
    laboratory.load(50_000);
    const { sockets } = await answering.call('connections', { limit: '1' });
    const aborted = await answering.call('connections', { limit: '100000' }, { abortAfter: 5 });
    expect(aborted).toMatchObject({ kind: 'other AbortError', sockets });
    for (const name of ['top', 'stuck']) {
      expect(await answering.call(name, {}, { abortAfter: 200 })).toMatchObject({ kind: 'other AbortError', sockets });
    }
  });
});

function nameOf({ protocol, protocolNumber }: Pick<PrintedEntry, 'protocol' | 'protocolNumber'>): string {
  return protocol === 'unknown' ? (NAMES[protocolNumber] ?? String(protocolNumber)) : protocol;
}

/** Compares a row with what conntrack printed of the same entry; the timeout goes on in between. */
function expectSame(row: Record<string, Cell>, entry: PrintedEntry | undefined): void {
  if (entry === undefined) throw new Error(`no entry ${row['id']}`);
  const { original, reply } = entry;
  const { timeout } = row;
  const end = (address: string, port: number | null): string => {
    if (port === null) return address;
    return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  };
  const total = (what: 'bytes' | 'packets'): number | null =>
    original[what] === null ? null : original[what] + (reply[what] ?? 0);
  expect(row).toMatchObject({
    family: entry.family,
    protocol: nameOf(entry),
    state: entry.state,
    source: original.src,
    source_port: original.sport,
    destination: original.dst,
    destination_port: original.dport,
    translated_source: entry.isSourceTranslated ? end(reply.dst, reply.dport) : null,
    translated_destination: entry.isDestinationTranslated ? end(reply.src, reply.sport) : null,
    icmp: original.icmp,
    zone: entry.zone,
    mark: entry.mark,
    packets: total('packets'),
    bytes: total('bytes'),
    original_packets: original.packets,
    original_bytes: original.bytes,
    reply_packets: reply.packets,
    reply_bytes: reply.bytes,
  });
  const flags = String(row['status']).split(',');
  expect([flags.includes('UNREPLIED'), flags.includes('ASSURED')]).toEqual([entry.isUnreplied, entry.isAssured]);
  expect(Math.abs(Number(timeout) - Number(entry.timeout))).toBeLessThanOrEqual(10);
}

/** Key, connections, unreplied, packets and bytes of each group. */
function groupsOf(entries: readonly PrintedEntry[], keyOf: (entry: PrintedEntry) => string | undefined): Cell[][] {
  const groups = new Map<string, [number, number, number, number]>();
  for (const entry of entries) {
    const key = keyOf(entry);
    if (key === undefined) continue;
    const group = groups.get(key) ?? [0, 0, 0, 0];
    groups.set(key, group);
    const { isUnreplied, original, reply } = entry;
    group[0]++;
    if (isUnreplied) group[1]++;
    group[2] += (original.packets ?? 0) + (reply.packets ?? 0);
    group[3] += (original.bytes ?? 0) + (reply.bytes ?? 0);
  }
  return [...groups].map(([key, numbers]) => [key, ...numbers]);
}

/** Protocol, translated source, destination, zone and used ports of each NAT endpoint. */
function endpointsOf(entries: readonly PrintedEntry[]): Cell[][] {
  const endpoints = new Map<string, number>();
  for (const entry of entries) {
    const { isSourceTranslated, reply, zone } = entry;
    if (!isSourceTranslated || !['tcp', 'udp'].includes(entry.protocol) || Number(reply.dport) < 1024) continue;
    const key = JSON.stringify([entry.protocol, reply.dst, `${reply.src}:${reply.sport}`, zone]);
    endpoints.set(key, (endpoints.get(key) ?? 0) + 1);
  }
  return [...endpoints].map(([key, used]) => [...(JSON.parse(key) as Cell[]), used]);
}

function sorted<T>(rows: readonly T[]): T[] {
  return rows.toSorted((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other)));
}

/** Entries of every protocol, some of them translated, marked or in a zone. */
function mixedEntries(count: number): string[] {
  const translations = ['', '', ' -n 203.0.113.7', ' -g 192.0.2.8', ' -n 203.0.113.7 -g 192.0.2.8'];
  const replies = ['', ' -u SEEN_REPLY', ' -u SEEN_REPLY,ASSURED'];
  return Array.from({ length: count }, (_, entry) => {
    const [protocol, options] = kindOf(entry);
    const isV6 = protocol === 'icmpv6' || (protocol === 'tcp' && entry % 4 === 0);
    const host = `${88 + (entry >> 16)}.${(entry >> 8) & 255}.${entry & 255}`;
    const addresses = isV6 ? `-s fd88::${entry.toString(16)} -d fd99::1` : `-s 10.${host} -d 10.99.0.1`;
    const canTranslate = !isV6 && (protocol === 'tcp' || protocol === 'udp');
    const translation = canTranslate ? (translations[Math.floor(entry / 100) % translations.length] ?? '') : '';
    const mark = entry % 11 === 0 ? ` -m ${entry % 1000}` : '';
    const zone = entry % 13 === 0 ? ` -w ${1 + (entry % 5)}` : '';
    const reply = replies[Math.floor(entry / 7) % replies.length] ?? '';
    return `-A -t 3600 ${addresses} -p ${protocol} ${options}${translation}${reply}${mark}${zone}`;
  });
}

/** Protocol of an entry, and options that it needs. */
function kindOf(entry: number): readonly [string, string] {
  const ports = `--sport ${1024 + (entry % 50_000)} --dport ${[443, 80, 22, 3306][entry % 4]}`;
  const number = entry % 60_000;
  switch (entry % 10) {
    case 0:
    case 1:
      return ['udp', ports];
    case 2:
      return ['icmp', `--icmp-type 8 --icmp-code 0 --icmp-id ${number}`];
    case 3:
      return ['icmpv6', `--icmpv6-type 128 --icmpv6-code 0 --icmpv6-id ${number}`];
    case 4:
      return ['sctp', `${ports} --state ESTABLISHED --orig-vtag 1 --reply-vtag 2`];
    case 5:
      return ['gre', `--srckey ${number} --dstkey 7`];
    case 6:
      return entry % 20 < 10 ? ['udplite', ports] : ['50', ''];
    default:
      return ['tcp', `${ports} --state ${['ESTABLISHED', 'TIME_WAIT', 'SYN_SENT', 'CLOSE'][entry % 4]}`];
  }
}

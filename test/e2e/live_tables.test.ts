/** Live answers about real tables, compared with `conntrack -L` entry by entry and group by group. */

import type { ChildProcess } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';

import type { Cell } from '../../collector/functions/answer.ts';
import { FILTERS, HELPER, RETRIES, TFTP_REQUEST, TRANSLATIONS } from '../helpers/answer_scenes.ts';
import { Answering } from '../helpers/answering.ts';
import { type PrintedEntry, parsePrinted } from '../helpers/conntrack_text.ts';
import {
  BLACK_HOLE,
  end,
  Laboratory,
  ROUTER_ADDRESS,
  SERVER_ADDRESS,
  SERVER_ADDRESS_6,
} from '../helpers/laboratory.ts';
import { rowsOf } from '../helpers/live_kernel.ts';
import { mixedEntries } from '../helpers/mixed_entries.ts';
import { endpointsOf, expectSame, GROUPS, groupsOf } from '../helpers/printed_groups.ts';
import { until } from '../helpers/until.ts';

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
    const connect = (host: string, port: number, count: number, act: string): Promise<ChildProcess> =>
      laboratory.traffic('client', 'tcp-connect', host, port, count, act, 300);
    await connect(SERVER_ADDRESS, 5001, 5, 'hold');
    await connect(SERVER_ADDRESS_6, 5001, 3, 'hold');
    await connect(ROUTER_ADDRESS, 5002, 4, 'hold');
    await connect(SERVER_ADDRESS, 5003, 6, 'hold');
    await connect(ROUTER_ADDRESS, 5004, 2, 'hold');
    const refused = await connect(SERVER_ADDRESS, BLACK_HOLE, 3, 'try');
    await laboratory.finishedTraffic('client', 'udp-spread', SERVER_ADDRESS, BLACK_HOLE, 11, 100, 60);
    await laboratory.traffic('client', 'udp-talk', SERVER_ADDRESS_6, 5006, 4, 2, 300);
    const isRefused = ({ original, protocol }: PrintedEntry): boolean =>
      protocol === 'tcp' && original.dport === BLACK_HOLE;
    await until('the SYNs are tracked', 120, () => [...printed().values()].filter(isRefused).length === 3);
    // Otherwise they are sent again for two minutes.
    await end(refused);
    laboratory.restore(mixedEntries(6000));
    await until('nothing changes any more', 120, async () => {
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

  it('list the expectation that a request of TFTP makes', async () => {
    laboratory.addRules('router', HELPER);
    laboratory.run('client', [process.execPath, '-e', TFTP_REQUEST]);
    const text = laboratory.run('router', ['conntrack', '-L', 'expect']);
    const [, port] = / dport=(\d+) mask-src=/.exec(text) ?? [];
    const [, masterPort] = / sport=(\d+) dport=69 /.exec(text) ?? [];
    const rows = rowsOf(await answering.answer('connections', { expectations: 'yes' }));
    expect(rows).toMatchObject([
      {
        protocol: 'udp',
        source: SERVER_ADDRESS,
        destination: '10.77.1.2',
        destination_port: Number(port),
        master_source: '10.77.1.2',
        master_source_port: Number(masterPort),
        master_destination: SERVER_ADDRESS,
        master_destination_port: 69,
        helper: 'tftp',
        source_mask: '255.255.255.255',
      },
    ]);
    const [master] = rowsOf(await answering.answer('connections', { dport: '69' }));
    expect(master).toMatchObject({ helper: 'tftp', source_port: Number(masterPort) });
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
    const retries = laboratory.start('client', [process.execPath, '-e', RETRIES]);
    await until('all have begun', 120, () => laboratory.count() === 3);
    await laboratory.finishedTraffic('client', 'udp-spread', SERVER_ADDRESS, BLACK_HOLE + 100, 2, 100, 60);
    const rows = rowsOf(await answering.answer('stuck'));
    await end(retries);
    const of = (port: number): unknown => rows.find((row) => row['destination'] === `${SERVER_ADDRESS}:${port}`);
    expect(of(BLACK_HOLE + 5)).toMatchObject({ protocol: 'udp', connections: 3, refreshed: 3, source: '10.77.1.2' });
    expect(of(BLACK_HOLE + 101)).toMatchObject({ connections: 1, refreshed: 0 });
  });

  it('show new and destroyed connections until a minute after the last call', async () => {
    const first = await answering.call('events', { proto: 'udp' }, { isPatient: false });
    expect(first.answer?.rows).toEqual([]);
    await laboratory.finishedTraffic('client', 'udp-spread', SERVER_ADDRESS, BLACK_HOLE, 200, 1000, 60);
    laboratory.flush();
    await until('all events are shown', 120, async () => {
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
    await until('they are counted', 120, async () => {
      const rows = rowsOf(await answering.answer('top', { by: 'destination' }));
      const row = rows.find((one) => one['destination'] === SERVER_ADDRESS);
      expect(Number(row?.['new'])).toBeGreaterThan(0);
      return true;
    });
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

function sorted<T>(rows: readonly T[]): T[] {
  return rows.toSorted((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other)));
}

import { describe, expect, it } from 'vitest';

import { parseNetwork } from '../../collector/base/cidr.ts';
import { NAT_PORTS } from '../../collector/functions/nat_ports.ts';
import { type LiveEntry, LiveKernel, rowsOf } from '../helpers/live_kernel.ts';

const SRC_NAT = 0x18;

/** A translated connection of a host to a server, with the port that it was given. */
function translated(host: number, port: number, server = '192.0.2.1', protocol = 17): LiveEntry {
  return {
    protocol,
    status: SRC_NAT,
    original: { from: `10.0.0.${host}`, sport: 9, to: server, dport: 443 },
    reply: { from: server, sport: 443, to: '203.0.113.9', dport: port },
  };
}

function ports(count: number, host: number, first: number): LiveEntry[] {
  return Array.from({ length: count }, (_, place) => translated(host, first + place));
}

function pool(text: string): { network: NonNullable<ReturnType<typeof parseNetwork>>; low: number; high: number } {
  const network = parseNetwork(text);
  if (network === undefined) throw new Error(text);
  return { network, low: 50_000, high: 50_099 };
}

describe('the ports of source NAT', () => {
  it('are counted for each endpoint, with the sources that use most, fullest first', async () => {
    const table = [
      translated(9, 50_000, '192.0.2.7', 6),
      ...ports(12, 1, 50_000),
      ...ports(30, 2, 50_020),
      ...ports(2, 3, 50_060),
      translated(4, 50_070),
      // Not translated, and outside the pool.
      { original: { from: '10.0.0.5', sport: 9, to: '192.0.2.1', dport: 443 } },
      translated(5, 40_000),
    ];
    const kernel = new LiveKernel({ tables: [table] }, { snatPools: [pool('203.0.113.0/28')] });
    const answer = await kernel.answer(NAT_PORTS);
    expect(rowsOf(answer)).toEqual([
      {
        protocol: 'udp',
        address: '203.0.113.9',
        destination: '192.0.2.1:443',
        used: 45,
        pool: 100,
        percent: 45,
        sources: '10.0.0.2 (30), 10.0.0.1 (12), 10.0.0.3 (2)',
        zone: 0,
      },
      {
        protocol: 'tcp',
        address: '203.0.113.9',
        destination: '192.0.2.7:443',
        used: 1,
        pool: 100,
        percent: 1,
        sources: '10.0.0.9 (1)',
        zone: 0,
      },
    ]);
    expect(answer.notes).toEqual([
      'The table holds 48 of at most 262,144 entries (<0.1 %).',
      'Connections with source NAT that use no port of a pool: 1.',
    ]);
    expect(kernel.isClosed).toBe(true);
  });

  it('of a few endpoints are counted exactly for thousands of sources', async () => {
    // The largest source comes between all the others.
    const table = Array.from({ length: 6000 }, (_, place): LiveEntry => {
      const host = place % 100 === 50 ? '10.9.9.9' : `10.1.${place >> 8}.${place & 255}`;
      return { ...translated(1, 2000 + place), original: { from: host, sport: 9, to: '192.0.2.1', dport: 443 } };
    });
    const [row] = await new LiveKernel({ tables: [table] }).rows(NAT_PORTS);
    expect(row?.['used']).toBe(6000);
    expect(row?.['sources']).toMatch(/^10\.9\.9\.9 \(60\), 10\.1\.\S+ \(1\), 10\.1\.\S+ \(1\)$/);
  });

  it('of many endpoints with many sources show only sources that are certain, with the least that they use', async () => {
    const others = Array.from({ length: 1200 }, (_, server) =>
      translated(1, 2000, `198.51.${server >> 8}.${server & 255}`),
    );
    const crowd = Array.from({ length: 400 }, (_, place): LiveEntry => {
      const host = place % 2 === 0 ? '10.9.9.9' : `10.1.${place >> 8}.${place & 255}`;
      return { ...translated(1, 2000 + place), original: { from: host, sport: 9, to: '192.0.2.1', dport: 443 } };
    });
    const [row] = await new LiveKernel({ tables: [[...others, ...crowd]] }).rows(NAT_PORTS, { limit: '1' });
    expect(row).toMatchObject({ used: 400, sources: '10.9.9.9 (at least 200)' });
  });

  it.each<[number, string | undefined]>([
    [79, undefined],
    [80, 'warning'],
    [94, 'warning'],
    [95, 'error'],
  ])('with %i %% in use have the severity %s', async (count, severity) => {
    const kernel = new LiveKernel({ tables: [ports(count, 1, 50_000)] }, { snatPools: [pool('203.0.113.9')] });
    expect((await kernel.answer(NAT_PORTS)).rows.map((row) => row.severity)).toEqual([severity]);
  });

  it('are 64,512 for an address without a pool', async () => {
    const [row] = await new LiveKernel({ tables: [ports(3, 1, 2000)] }).rows(NAT_PORTS);
    expect(row).toMatchObject({ used: 3, pool: 64_512 });
  });

  it('are limited to the fullest endpoints', async () => {
    const table = [translated(1, 2000), translated(1, 2000, '192.0.2.2'), translated(1, 2001, '192.0.2.2')];
    const answer = await new LiveKernel({ tables: [table] }).answer(NAT_PORTS, { limit: '1' });
    expect(rowsOf(answer)).toMatchObject([{ destination: '192.0.2.2:443', used: 2 }]);
    expect(answer.notes).toContain('Showing 1 of 2 NAT endpoints.');
  });

  it('without source NAT are absent, and a note says why', async () => {
    const answer = await new LiveKernel({ tables: [[]] }).answer(NAT_PORTS);
    expect(answer.rows).toEqual([]);
    expect(answer.notes.slice(1)).toEqual(['No connection in the table has a source translated by NAT.']);
  });

  it('outside of the pool, and the ids of ICMP, are counted in a note', async () => {
    const ping: LiveEntry = { ...translated(3, 2000), protocol: 1, icmp: { type: 8, code: 0, id: 7 } };
    const table = [translated(1, 1500), translated(1, 1501), ping];
    const snatPools = [pool('203.0.113.9')];
    const answer = await new LiveKernel({ tables: [table] }, { snatPools }).answer(NAT_PORTS);
    expect(answer.rows).toEqual([]);
    expect(answer.notes.slice(1)).toEqual(['Connections with source NAT that use no port of a pool: 3.']);
  });

  it('of more endpoints than are counted have a stated error', async () => {
    const table = Array.from({ length: 5000 }, (_, server) =>
      translated(1, 2000, `192.0.${server >> 8}.${server & 255}`),
    );
    const { notes, rows } = await new LiveKernel({ tables: [table] }).answer(NAT_PORTS);
    expect(notes[1]).toBe(
      'There are too many NAT endpoints to count all of them: the used ports of each are too low by at most 1.',
    );
    expect(rows).toHaveLength(100);
  });
});

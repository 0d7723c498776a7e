import { describe, expect, it } from 'vitest';

import { overview } from '../../collector/functions/overview.ts';
import { type LiveEntry, LiveKernel } from '../helpers/live_kernel.ts';

const signal = new AbortController().signal;

function connection(host: number, port: number): LiveEntry {
  const original = {
    from: `10.${host >> 16}.${(host >> 8) & 255}.${host & 255}`,
    sport: 40_000,
    to: '192.0.2.1',
    dport: port,
  };
  return { protocol: 6, state: [1, 3], status: 0xa, original };
}

describe('the overview', () => {
  it('ranks sources, destinations, services and states from one reading of the table', async () => {
    const table = [connection(7, 443), connection(7, 443), connection(8, 22), connection(7, 443)];
    const kernel = new LiveKernel({ tables: [table, []], max: 1000 });
    expect(await overview(kernel.sources, 5, signal)).toEqual({
      entries: 4,
      max: 1000,
      rankings: [
        {
          title: 'Source',
          rows: [
            { name: '10.0.0.7', connections: 3, share: 75 },
            { name: '10.0.0.8', connections: 1, share: 25 },
          ],
        },
        { title: 'Destination', rows: [{ name: '192.0.2.1', connections: 4, share: 100 }] },
        {
          title: 'Service',
          rows: [
            { name: 'tcp/443', connections: 3, share: 75 },
            { name: 'tcp/22', connections: 1, share: 25 },
          ],
        },
        { title: 'State', rows: [{ name: 'tcp ESTABLISHED', connections: 4, share: 100 }] },
      ],
      notes: [],
    });
    expect(kernel.isClosed).toBe(true);
  });

  it('keeps as many rows as asked for', async () => {
    const kernel = new LiveKernel({ tables: [[connection(7, 443), connection(8, 22), connection(7, 80)]] });
    const { rankings } = await overview(kernel.sources, 1, signal);
    expect(rankings.map(({ rows }) => rows.length)).toEqual([1, 1, 1, 1]);
    expect(rankings[0]?.rows[0]?.name).toBe('10.0.0.7');
  });

  it('of a large table is estimated from a sample, and says so, even for a patient caller', async () => {
    const [seldom, often] = [connection(7, 443), connection(8, 443)];
    const table = Array.from({ length: 20_100 }, (_, entry) => (entry % 4 === 0 ? seldom : often));
    const kernel = new LiveKernel({ tables: [table], entries: 100_000 }, { isPatient: true });
    const { entries, notes, rankings } = await overview(kernel.sources, 5, signal);
    expect(entries).toBe(100_000);
    expect(rankings[0]?.rows).toEqual([
      { name: '10.0.0.8', connections: 75_000, share: 75 },
      { name: '10.0.0.7', connections: 25_000, share: 25 },
    ]);
    expect(notes).toEqual([
      'Estimated from 20,032 of 100,000 entries (20.0 %); standard error of a share at most 0.32 points.',
    ]);
  });
});

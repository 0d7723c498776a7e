import { describe, expect, it } from 'vitest';

import { STUCK_CONNECTIONS } from '../../collector/functions/stuck.ts';
import { type LiveEntry, LiveKernel, NOW, rowsOf } from '../helpers/live_kernel.ts';

/** An unanswered connection to a service whose backend is gone. */
function unanswered(id: number, timeout: number, changes: Partial<LiveEntry> = {}): LiveEntry {
  return {
    status: 0x28,
    original: { from: `10.0.0.${id}`, sport: 9, to: '10.96.0.10', dport: 53 },
    reply: { from: '10.244.0.7', sport: 5353, to: `10.0.0.${id}`, dport: 9 },
    id,
    timeout,
    ...changes,
  };
}

const PLAIN = { status: 8, original: { from: '10.0.0.9', to: 'fd99::1' } } as const;
const MULTICAST = { status: 8, original: { from: '10.0.0.9', sport: 1, to: '239.1.2.3', dport: 2 } } as const;

describe('unanswered connections', () => {
  it('are grouped by destination and translation, the refreshed ones first', async () => {
    const other: LiveEntry = {
      protocol: 6,
      status: 8,
      original: { from: '10.0.0.9', sport: 9, to: '192.0.2.1', dport: 80 },
      id: 900,
    };
    const answered = unanswered(4, 30, { status: 0x2a });
    const reading = (first: number, second: number, third: number): LiveEntry[] => [
      { ...other, timeout: third },
      { ...other, id: 901, timeout: third },
      { ...other, id: 902, timeout: third },
      unanswered(1, first),
      unanswered(2, second),
      answered,
      { ...MULTICAST, timeout: first, id: 903 },
    ];
    // The first one is refreshed; the others expire, give or take a second.
    const kernel = new LiveKernel({ tables: [reading(20, 25, 110), reading(19, 23, 107), reading(30, 19, 104)] });
    const answer = await kernel.answer(STUCK_CONNECTIONS);
    expect(rowsOf(answer)).toEqual([
      {
        protocol: 'udp',
        destination: '10.96.0.10:53',
        translated_destination: '10.244.0.7:5353',
        translated_source: null,
        connections: 2,
        refreshed: 1,
        since: null,
        age: null,
        source: '10.0.0.1',
        zone: 0,
      },
      {
        protocol: 'tcp',
        destination: '192.0.2.1:80',
        translated_destination: null,
        translated_source: null,
        connections: 3,
        refreshed: 0,
        since: null,
        age: null,
        source: '10.0.0.9',
        zone: 0,
      },
    ]);
    expect(answer.notes).toEqual([
      'The table holds 7 of at most 262,144 entries (<0.1 %).',
      'Unanswered connections: 5; refreshed within 6 seconds: 1.',
      'Since when is unknown; "sysctl net.netfilter.nf_conntrack_timestamp=1" records it for new connections.',
    ]);
    expect(kernel.clock.sleeps).toEqual([3000, 3000]);
    expect(kernel.isClosed).toBe(true);
  });

  it('are since the start of the oldest, if the kernel records it, and a problem after a minute', async () => {
    const reading = (timeout: number, startedAt: number): LiveEntry[] => [
      unanswered(1, timeout, { startedAt }),
      unanswered(2, 5, { startedAt: startedAt + 10_000 }),
    ];
    const of = async (startedAt: number): Promise<unknown> => {
      const kernel = new LiveKernel({ tables: [reading(20, startedAt), reading(29, startedAt)] });
      const answer = await kernel.answer(STUCK_CONNECTIONS);
      return [rowsOf(answer)[0]?.['since'], rowsOf(answer)[0]?.['age'], answer.rows[0]?.severity];
    };
    // Six seconds pass during the readings.
    expect(await of(NOW - 54_000)).toEqual([NOW - 54_000, 60, 'warning']);
    expect(await of(NOW - 53_000)).toEqual([NOW - 53_000, 59, undefined]);
  });

  it('are since when they are followed, if the kernel does not record their start', async () => {
    const kernel = new LiveKernel({ tables: [[unanswered(1, 20), { ...PLAIN, original: MULTICAST.original }]] });
    const { address } = { address: 0x0af40007 };
    const group = {
      zone: 0,
      protocol: 17,
      destination: 0x0a60000a,
      destinationPort: 53,
      translatedDestination: { address, port: 5353 },
      translatedSource: undefined,
      connections: 1,
      since: kernel.clock.monotonic() - 90e6,
    };
    const sources = { ...kernel.sources, stuckGroups: () => [group] };
    const answer = await STUCK_CONNECTIONS.run({}, sources, new AbortController().signal);
    expect(rowsOf(answer)).toMatchObject([{ destination: '10.96.0.10:53', since: NOW - 90_000, age: 96 }]);
  });

  it('end between two readings when aborted', async () => {
    const kernel = new LiveKernel({ tables: [[unanswered(1, 20)]] });
    const abort = new AbortController();
    kernel.clock.onSleep(() => abort.abort());
    await expect(kernel.answer(STUCK_CONNECTIONS, {}, abort.signal)).rejects.toThrow('aborted');
    expect([kernel.channels.length, kernel.isClosed]).toEqual([1, true]);
  });
});

/** A small table for rankings. */

import type { LiveEntry } from './live_kernel.ts';

/** A connection of TCP from the host 10.0.0.0 plus a number. */
export function connection(host: number, changes: Partial<LiveEntry> = {}): LiveEntry {
  const original = { from: `10.0.${host >> 8}.${host & 255}`, sport: 40_000, to: '192.0.2.1', dport: 443 };
  return { protocol: 6, state: [1, 3], status: 0xa, original, ...changes };
}

const FROM_6: LiveEntry = { original: { from: 'fd00:1:2:3::9', to: 'fd99::1', sport: 1, dport: 53 }, status: 8 };
const TRANSLATED = connection(1, {
  status: 0x1a,
  reply: { from: '192.0.2.1', to: '203.0.113.9', sport: 443, dport: 1 },
});

export const TABLE: readonly LiveEntry[] = [
  connection(1),
  connection(1, { status: 8, state: [1, 1] }),
  TRANSLATED,
  connection(300, { zone: 5, mark: 9 }),
  connection(2, { protocol: 1, icmp: { type: 8, code: 0, id: 7 }, original: { from: '10.0.0.2', to: '192.0.2.2' } }),
  FROM_6,
];

/** Entries of every kind, for filters. */

import { type LiveEntry, NOW } from './live_kernel.ts';

export const WEB_ID = 0xa1b2c3d4;

export const WEB: LiveEntry = {
  protocol: 6,
  status: 0x1e,
  state: [1, 3],
  original: { from: '10.0.0.7', sport: 40_001, to: '192.0.2.1', dport: 443 },
  reply: { from: '192.0.2.1', sport: 443, to: '203.0.113.9', dport: 50_001 },
  timeout: 431_999,
  id: WEB_ID,
  zone: 7,
  mark: 0x21,
  helper: 'ftp',
  counters: [11, 1300, 17, 1900],
  startedAt: NOW - 61_000,
};

export const ENTRIES: readonly LiveEntry[] = [
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
    status: 0x40a,
    state: [3, 4],
    original: { from: '10.3.0.1', sport: 9, to: '10.4.0.1', dport: 90 },
    reply: { from: '10.4.0.1', sport: 90, to: '10.3.0.1', dport: 9, zone: 4 },
    timeout: 27,
    id: 4,
  },
  { protocol: 33, state: [2, 4], original: { from: 'fd00::6', sport: 1, to: 'fd99::2', dport: 2 }, timeout: 26, id: 5 },
  { protocol: 50, status: 0x400e, original: { from: '10.0.1.7', to: '192.0.2.1', zone: 3 }, timeout: 25, id: 6 },
];

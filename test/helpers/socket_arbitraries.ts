/** Arbitrary lists of sockets, and their counts. */

import fc from 'fast-check';
import { TABLES, type Table } from '../../collector/modules/sockets/socket_tally.ts';
import type { ListedSocket } from './socket_lists.ts';

export type Lists = Readonly<Record<Table, readonly ListedSocket[]>>;

export const NAMES = {
  ...{ 1: 'established', 2: 'syn_sent', 3: 'syn_recv', 4: 'fin_wait1', 5: 'fin_wait2', 6: 'time_wait' },
  ...{ 7: 'close', 8: 'close_wait', 9: 'last_ack', 10: 'listen', 11: 'closing', 12: 'new_syn_recv' },
} as const;

export const UDP_NAMES = { 1: 'connected', 7: 'unconnected' } as const;

export const tcpState = fc.integer({ min: 1, max: 12 });

export const udpState = fc.constantFrom(1, 7);

export function listOf(state: fc.Arbitrary<number>): fc.Arbitrary<ListedSocket[]> {
  const socket = fc.record({
    state,
    number: fc.nat(1_000_000),
    address: fc.nat(0xffffffff),
    port: fc.nat(0xffff),
  });
  return fc.array(socket, { maxLength: 40 });
}

export const lists: fc.Arbitrary<Lists> = fc.record({
  tcp: listOf(tcpState),
  tcp6: listOf(tcpState),
  udp: listOf(udpState),
  udp6: listOf(udpState),
});

/** The number of sockets by list and state. */
export function expected(of: Lists): Record<string, Record<string, number>> {
  return Object.fromEntries(
    TABLES.map((table) => {
      const counts: Record<string, number> = {};
      const names: Readonly<Record<number, string>> = table.startsWith('udp') ? UDP_NAMES : NAMES;
      for (const { state } of of[table]) {
        const name = names[state] ?? 'nothing';
        counts[name] = (counts[name] ?? 0) + 1;
      }
      return [table, counts];
    }),
  );
}

import { describe, expect, it } from 'vitest';

import { socketCharts } from '../../../charts/sockets.ts';
import { FormatError } from '../../../collector/base/errors.ts';
import { SocketTally, TABLES, type Table } from '../../../collector/modules/sockets/socket_tally.ts';

type Values = Record<string, number | undefined>;

function filled(tally: SocketTally): Values {
  const values: Values = {};
  tally.fill(values);
  return values;
}

/** A tally of so many sockets in each of the states. */
function tallyOf(table: Table, counts: Readonly<Record<number, number>>): SocketTally {
  const tally = new SocketTally(table);
  for (const [state, count] of Object.entries(counts)) {
    for (let index = 0; index < count; index++) tally.add(Number(state));
  }
  return tally;
}

/** The metrics of the charts of a scope. */
function metricsOf(scope: 'tcp' | 'udp'): string[] {
  return socketCharts
    .filter((chart) => chart.scope === scope)
    .flatMap(({ dimensions }) => dimensions.map(({ metric }) => metric));
}

describe('the tally of sockets', () => {
  it.each(['tcp', 'tcp6'] as const)("of %s counts by the kernel's names of the twelve states", (table) => {
    const counts = { 1: 31, 2: 2, 3: 13, 4: 4, 5: 55, 6: 106, 7: 7, 8: 28, 9: 19, 10: 10, 11: 11, 12: 1 };
    const tally = tallyOf(table, counts);
    expect(filled(tally)).toEqual({
      ...{ socket_established: 31, socket_syn_sent: 2, socket_syn_recv: 13, socket_fin_wait1: 4 },
      ...{ socket_fin_wait2: 55, socket_time_wait: 106, socket_close: 7, socket_close_wait: 28 },
      ...{ socket_last_ack: 19, socket_listen: 10, socket_closing: 11, socket_new_syn_recv: 1 },
    });
    expect([tally.table, tally.sockets]).toEqual([table, 287]);
  });

  it.each(['udp', 'udp6'] as const)('of %s counts by whether they have a peer', (table) => {
    const tally = tallyOf(table, { 1: 17, 7: 230 });
    expect(filled(tally)).toEqual({ socket_connected: 17, socket_unconnected: 230 });
    expect([tally.table, tally.sockets]).toEqual([table, 247]);
  });

  it.each(TABLES)('of %s is 0 for every state at first', (table) => {
    const values = filled(new SocketTally(table));
    expect(new Set(Object.values(values))).toEqual(new Set([0]));
    expect(Object.keys(values).sort()).toEqual(metricsOf(table.startsWith('tcp') ? 'tcp' : 'udp').sort());
  });

  it('overwrites earlier values', () => {
    const values = filled(tallyOf('udp', { 1: 5, 7: 6 }));
    tallyOf('udp', { 7: 2 }).fill(values);
    expect(values).toEqual({ socket_connected: 0, socket_unconnected: 2 });
  });

  it.each<[Table, readonly number[]]>([
    ['tcp', [0, 13, 14, 15, 16, 255, -1, 1.5]],
    ['tcp6', [0, 13, 255]],
    ['udp', [0, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 255]],
    ['udp6', [0, 2, 10, 255]],
  ])('of %s refuses other states, and does not count them', (table, states) => {
    for (const state of states) {
      const tally = tallyOf(table, { 1: 3 });
      const before = filled(tally);
      expect(() => tally.add(state)).toThrow(new FormatError(`${table} socket in unknown state ${state}`));
      expect([filled(tally), tally.sockets]).toEqual([before, 3]);
    }
  });
});

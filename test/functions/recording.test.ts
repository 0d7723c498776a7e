import { describe, expect, it } from 'vitest';

import { CONNECTIONS } from '../../collector/functions/connections.ts';
import { TOP } from '../../collector/functions/top.ts';
import { parsePrinted } from '../helpers/conntrack_text.ts';
import { LiveKernel, rowsOf } from '../helpers/live_kernel.ts';
import { FakeChannel, type Receipt, statistics } from '../helpers/netlink_channel.ts';
import { cannotReplay, recorded, recordedText } from '../helpers/netlink_recording.ts';
import { expectSame, GROUPS, groupsOf } from '../helpers/printed_groups.ts';

const printed = parsePrinted(recordedText('table.txt'));

/** The recorded table, without events. */
function kernel(): LiveKernel {
  const ctnetlink = (): FakeChannel => {
    const channel = new FakeChannel({ slots: 4, slotSize: 16 * 1024 });
    channel.reply('statistics', [statistics({ entries: printed.length, max: 262_144 })]);
    channel.reply('table', ...recorded('table').map((datagram): Receipt => [datagram]));
    return channel;
  };
  return new LiveKernel({}, { ctnetlink, eventSetting: () => 0 });
}

describe.skipIf(cannotReplay !== undefined)('the answers about a recording of Linux 6.18', () => {
  it('list the entries that conntrack printed', async () => {
    const rows = rowsOf(await kernel().answer(CONNECTIONS));
    const byTuple = new Map(
      rows.map((row) => [tupleOf(row['protocol'], row['source'], row['source_port'], row['icmp']), row]),
    );
    expect(rows).toHaveLength(34);
    for (const entry of printed) {
      const { icmp, sport, src } = entry.original;
      const name = entry.protocol === 'unknown' ? { 50: 'esp' }[entry.protocolNumber] : entry.protocol;
      const row = byTuple.get(tupleOf(name ?? String(entry.protocolNumber), src, sport, icmp));
      expectSame(row ?? { missing: src }, entry);
    }
  });

  it.each(Object.entries(GROUPS))('count by %s what conntrack printed', async (by, keyOf) => {
    const rows = rowsOf(await kernel().answer(TOP, { by }));
    const counted = rows.map((row) => [
      String(row[by]),
      row['connections'],
      row['unreplied'],
      row['packets'],
      row['bytes'],
    ]);
    const expected = groupsOf(printed, keyOf);
    expect(new Set(counted.map(String))).toEqual(new Set(expected.map(String)));
  });
});

function tupleOf(...parts: readonly unknown[]): string {
  return JSON.stringify(parts);
}

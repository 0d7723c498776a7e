import { Volume } from 'memfs';
import { describe, expect, it } from 'vitest';

import { DiagSource } from '../../../collector/modules/sockets/diag_source.ts';
import { ProcfsSource } from '../../../collector/modules/sockets/procfs_source.ts';
import { TABLES } from '../../../collector/modules/sockets/socket_tally.ts';
import { Host } from '../../../collector/procfs/host.ts';
import { diagnosed, FakeChannel, type Receipt } from '../../helpers/netlink_channel.ts';
import { cannotReplay, printedSockets, recorded, recordedText } from '../../helpers/netlink_recording.ts';
import { counted, finish } from '../../helpers/socket_host.ts';
import { HEADINGS } from '../../helpers/socket_lists.ts';
import { TCP_NAMES, UDP_NAMES } from '../../helpers/ss_states.ts';

/** How many sockets are in each state, as `ss` printed them. */
function printed(
  protocol: 'tcp' | 'udp',
  family: 'inet' | 'inet6',
  names: Readonly<Record<string, string>>,
): Record<string, number> {
  const counts = [...printedSockets(`ss_${protocol}.txt`, family)];
  return Object.fromEntries(counts.map(([state, count]) => [names[state], count]));
}

const PRINTED = {
  tcp: printed('tcp', 'inet', TCP_NAMES),
  tcp6: printed('tcp', 'inet6', TCP_NAMES),
  udp: printed('udp', 'inet', UDP_NAMES),
  udp6: printed('udp', 'inet6', UDP_NAMES),
};

/** A channel that replays the recording. */
function channel(): FakeChannel {
  const replaying = new FakeChannel({ slots: 4, slotSize: 32 * 1024 });
  const recordings = { tcpSockets: 'tcp_sockets', udpSockets: 'udp_sockets', udp6Sockets: 'udp6_sockets' } as const;
  for (const question of ['tcpSockets', 'udpSockets', 'udp6Sockets'] as const) {
    replaying.reply(question, ...recorded(recordings[question]).map((datagram): Receipt => [datagram]));
  }
  return replaying;
}

describe('the sockets of Linux 6.18', () => {
  it('are counted from procfs as ss printed them, state by state', () => {
    const texts = TABLES.map((table) => [`/proc/net/${table}`, recordedText(`${table}.txt`)]);
    const volume = Volume.fromJSON(Object.fromEntries(texts));
    const source = new ProcfsSource(volume, new Host(volume, ''));
    expect(counted(finish(source.count()))).toEqual(PRINTED);
  });

  it.skipIf(cannotReplay !== undefined)('are counted over sock_diag as ss printed them, state by state', () => {
    expect(counted(finish(new DiagSource(channel).count()))).toEqual(PRINTED);
  });

  it('are in every state but the two that the kernel does not report, each with a distinct number', () => {
    const states = [
      ...['close_wait', 'closing', 'established', 'fin_wait1', 'fin_wait2', 'last_ack', 'listen', 'syn_recv'],
      ...['syn_sent', 'time_wait'],
    ];
    expect(Object.keys(PRINTED.tcp).sort()).toEqual(states);
    expect(Object.keys(PRINTED.tcp6).sort()).toEqual(states);
    expect(Object.keys(PRINTED.udp).sort()).toEqual(['connected', 'unconnected']);
    expect(Object.keys(PRINTED.udp6).sort()).toEqual(['connected', 'unconnected']);
    for (const counts of Object.values(PRINTED).map((list) => Object.values(list))) {
      expect(new Set(counts).size).toBe(counts.length);
    }
    expect(PRINTED.tcp).not.toEqual(PRINTED.tcp6);
    expect(PRINTED.udp).not.toEqual(PRINTED.udp6);
  });
});

describe('the fake kernel of the tests', () => {
  it.each(TABLES)('has the headings of its list of %s', (table) => {
    expect(recordedText(`${table}.txt`).split('\n', 1)).toEqual([HEADINGS[table]]);
  });

  it.skipIf(cannotReplay !== undefined).each([
    ['tcp_sockets', 18],
    ['udp_sockets', 20],
    ['udp6_sockets', 20],
  ])('has the header of %s', (name, type) => {
    const messages = recorded(name).flat().slice(0, -1);
    expect(messages.length).toBeGreaterThan(7);
    // Type, flags and sequence number; of the lengths only that of the message differs.
    for (const one of messages)
      expect([...diagnosed({ state: 1, type }).subarray(4, 12)]).toEqual([...one.subarray(4, 12)]);
  });
});

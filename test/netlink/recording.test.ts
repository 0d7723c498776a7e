import { describe, expect, it } from 'vitest';
import { CpuStatistics } from '../../collector/netlink/cpu_statistics.ts';
import { Exchange } from '../../collector/netlink/exchange.ts';
import {
  Flow,
  IPS_ASSURED,
  IPS_DST_NAT,
  IPS_HW_OFFLOAD,
  IPS_OFFLOAD,
  IPS_SEEN_REPLY,
  IPS_SRC_NAT,
} from '../../collector/netlink/flow.ts';
import { MessageReader, NLM_F_CREATE } from '../../collector/netlink/message.ts';
import { type Question, request } from '../../collector/netlink/request.ts';
import { Statistics } from '../../collector/netlink/statistics.ts';
import { countersByCpu } from '../helpers/cpu_counters.ts';
import { entry, event, FakeChannel, type Receipt } from '../helpers/netlink_channel.ts';
import {
  cannotReplay,
  type Line,
  parseLine,
  recorded,
  recordedDatagrams,
  recordedLines,
} from '../helpers/netlink_recording.ts';
import { TCP_STATES } from '../helpers/tcp_states.ts';

const ROOM = { slots: 4, slotSize: 16 * 1024 };

/** What was read of an entry, in the words of a printed line. */
function inWords({ family, protocol, status, tcpState }: Flow): Omit<Line, 'event'> {
  return {
    family,
    protocol,
    state: TCP_STATES[tcpState],
    hasReply: (status & IPS_SEEN_REPLY) !== 0,
    isAssured: (status & IPS_ASSURED) !== 0,
    isSourceTranslated: (status & IPS_SRC_NAT) !== 0,
    isDestinationTranslated: (status & IPS_DST_NAT) !== 0,
  };
}

/** A printed line without the states of protocols other than TCP, which are not read. */
function readable({ event: _, ...line }: Line): Omit<Line, 'event'> {
  return line.protocol === 6 ? line : { ...line, state: undefined };
}

function channelFor(question: Question, name: string): FakeChannel {
  const channel = new FakeChannel(ROOM);
  channel.reply(question, ...recorded(name).map((datagram): Receipt => [datagram]));
  return channel;
}

describe.skipIf(cannotReplay !== undefined)('a recording of Linux 6.18', () => {
  const printed = recordedLines('table.txt').map(parseLine);

  it('has the entries that conntrack printed', () => {
    const channel = channelFor('table', 'table');
    const flow = new Flow(channel.memory);
    const read: Omit<Line, 'event'>[] = [];
    const offloaded: number[] = [];
    const progress = new Exchange(channel).answer('table', (message) => {
      flow.read(message);
      read.push(inWords(flow));
      if (flow.status & (IPS_OFFLOAD | IPS_HW_OFFLOAD)) offloaded.push(flow.protocol);
    });
    expect(progress).toBe('complete');
    expect(read).toEqual(printed.map(readable));
    expect(offloaded).toEqual([]);
  });

  it('has every kind of entry', () => {
    expect(new Set(printed.map(({ protocol }) => protocol))).toEqual(new Set([1, 6, 17, 47, 50, 58, 132, 136, 253]));
    expect(new Set(printed.map(({ family }) => family))).toEqual(new Set([2, 10]));
    const tcp = printed.filter(({ protocol }) => protocol === 6);
    expect(new Set(tcp.map(({ state }) => state))).toEqual(new Set(TCP_STATES));
    const udp = printed.filter(({ protocol }) => protocol === 17);
    expect(new Set(udp.map((one) => `${one.hasReply} ${one.isAssured}`))).toEqual(
      new Set(['false false', 'true false', 'true true']),
    );
    const translations = printed.map((one) => `${one.isSourceTranslated} ${one.isDestinationTranslated}`);
    expect(new Set(translations)).toEqual(new Set(['false false', 'true false', 'false true', 'true true']));
  });

  it('of an empty table has an end and no entries', () => {
    const channel = channelFor('table', 'empty_table');
    let entries = 0;
    expect([new Exchange(channel).answer('table', () => entries++), entries]).toEqual(['complete', 0]);
  });

  it('has the use of the table that conntrack and the limit showed', () => {
    const [entries, max] = recordedLines('statistics.txt').map(Number);
    expect(new Statistics(channelFor('statistics', 'statistics')).use()).toEqual({ entries, max });
  });

  it('has the counters of the statistics file, except for columns that are no longer counted', () => {
    const channel = channelFor('cpuStatistics', 'cpu_statistics');
    channel.reply(
      'expectationStatistics',
      ...recorded('expectation_statistics').map((datagram): Receipt => [datagram]),
    );
    const [header = '', ...rows] = recordedLines('cpu_statistics.txt');
    const names = header.split(/ +/);
    const columns = rows.map((row) => row.split(/ +/).map((field) => Number.parseInt(field, 16)));
    const skipped = new Set(['entries', 'new', 'ignore', 'delete']);
    const expected = columns.map((fields, cpu) => [
      cpu,
      Object.fromEntries(names.flatMap((name, at) => (skipped.has(name) ? [] : [[name, fields[at]]]))),
    ]);
    const table = new CpuStatistics(channel);
    table.read();
    expect([...countersByCpu(table)]).toEqual(expected);
  });

  it('has the events that conntrack printed', () => {
    const channel = new FakeChannel({ slots: 1024, slotSize: 1024 });
    channel.queue(recorded('events'));
    const reader = new MessageReader(channel.memory);
    const flow = new Flow(channel.memory);
    const count = channel.receive();
    const read = Array.from({ length: count }, (_, index): Line => {
      reader.open(channel.start(index), channel.end(index));
      reader.next();
      flow.readProtocol(reader);
      const { family, protocol } = flow;
      flow.read(reader);
      expect([flow.family, flow.protocol]).toEqual([family, protocol]);
      return { event: kindOf(reader), ...inWords(flow) };
    });
    const lines = recordedLines('events.txt').map(parseLine);
    expect(read).toEqual(lines.map((line) => ({ event: line.event, ...readable(line) })));
    expect(new Set(read.map((one) => one.event))).toEqual(new Set(['NEW', 'UPDATE', 'DESTROY']));
  });

  it('of a refused request is an error that says so', () => {
    const channel = channelFor('table', 'refused');
    expect(() => new Exchange(channel).answer('table', () => undefined)).toThrow(
      'ask ctnetlink for the connection table: EPERM: operation not permitted',
    );
  });

  it('of a refused request repeats the request', () => {
    const [refusal = new Uint8Array()] = recordedDatagrams('refused');
    // After the header and the error number; the kernel fills in nothing.
    expect([...refusal.subarray(20)]).toEqual([...request('table', 1)]);
  });

  it.each([
    ['an entry', 'table', entry({ protocol: 17 })],
    ['a new entry', 'events', event('new', { protocol: 17 })],
  ] as const)('has the header of %s that the fake kernel uses', (_, name, built) => {
    const [[first = new Uint8Array()] = []] = recorded(name);
    // Type, flags and sequence number; of the lengths only that of the message differs.
    expect([...built.subarray(4, 12)]).toEqual([...first.subarray(4, 12)]);
  });
});

function kindOf({ flags, type }: MessageReader): string {
  if (type === 0x102) return 'DESTROY';
  return (flags & NLM_F_CREATE) === 0 ? 'UPDATE' : 'NEW';
}

import { describe, expect, it } from 'vitest';

import { FormatError } from '../../collector/base/errors.ts';
import { memoryOf } from '../../collector/netlink/channel.ts';
import { Flow } from '../../collector/netlink/flow.ts';
import type { FlowPart } from '../../collector/netlink/flow_parts.ts';
import { MessageReader } from '../../collector/netlink/message.ts';
import {
  altered,
  attribute,
  bytes,
  concat,
  type Entry,
  entry,
  entryAttributes,
  event,
  nested,
  netfilter,
  number,
} from '../helpers/netlink_channel.ts';

const ENTRY = { type: 0x100, flags: 2, sequence: 1 };
const UDP = nested(1, nested(2, attribute(1, number(17, 1))));

/** The entry after decoding these messages one after the other. */
function read(messages: readonly Uint8Array[], how: 'read' | 'readProtocol' = 'read'): Entry {
  const datagram = concat(messages);
  // A complete entry follows the datagram in memory.
  const bait = entry({ protocol: 6, status: 0xffff, tcpState: 3 });
  const behind = (datagram.length + 3) & ~3;
  const memory = memoryOf(new ArrayBuffer(behind + 4096));
  memory.bytes.set(datagram);
  for (let at = behind; at + bait.length < memory.bytes.length; at += bait.length) memory.bytes.set(bait, at);
  const reader = new MessageReader(memory);
  const flow = new Flow(memory);
  reader.open(0, datagram.length);
  while (reader.next()) flow[how](reader);
  const { family, protocol, status, tcpState } = flow;
  return { family, protocol, status, tcpState };
}

/** The decoder after these messages, one after the other. */
function decoded(messages: readonly Uint8Array[], parts: readonly FlowPart[] = []): Flow {
  const datagram = concat(messages);
  const memory = memoryOf(new ArrayBuffer(4096));
  memory.bytes.set(datagram);
  const reader = new MessageReader(memory);
  const flow = new Flow(memory, parts);
  reader.open(0, datagram.length);
  while (reader.next()) flow.read(reader);
  return flow;
}

function directed(type: number, address: number, port: number): Uint8Array {
  const at = (kind: number): Uint8Array => attribute(kind, new Uint8Array(4).fill(address + kind));
  const transport = nested(2, attribute(1, number(17, 1)), attribute(2, number(port, 2)), attribute(3, number(443, 2)));
  return nested(type, nested(1, at(1), at(2)), transport);
}

/** 64 bits in network byte order. */
function large(value: number | bigint): Uint8Array {
  const built = new Uint8Array(8);
  new DataView(built.buffer).setBigUint64(0, BigInt(value));
  return built;
}

describe('the decoder of an entry', () => {
  it.each<[string, Uint8Array, Entry]>([
    [
      'TCP over IPv4',
      entry({ protocol: 6, status: 14, tcpState: 3 }),
      { family: 2, protocol: 6, status: 14, tcpState: 3 },
    ],
    [
      'ICMPv6 over IPv6',
      entry({ family: 10, protocol: 58, status: 8 }),
      { family: 10, protocol: 58, status: 8, tcpState: -1 },
    ],
    ['the highest protocol', entry({ protocol: 255 }), { family: 2, protocol: 255, status: 8, tcpState: -1 }],
    ['protocol 0', entry({ protocol: 0 }), { family: 2, protocol: 0, status: 8, tcpState: -1 }],
    [
      'all status bits',
      entry({ protocol: 17, status: 0xffffffff }),
      { family: 2, protocol: 17, status: 0xffffffff, tcpState: -1 },
    ],
    ['offloaded TCP', entry({ protocol: 6, status: 0xc00e }), { family: 2, protocol: 6, status: 0xc00e, tcpState: -1 }],
    [
      'an unknown TCP state',
      entry({ protocol: 6, tcpState: 200 }),
      { family: 2, protocol: 6, status: 8, tcpState: 200 },
    ],
    [
      'a new entry',
      event('new', { protocol: 132, status: 0x128 }),
      { family: 2, protocol: 132, status: 0x128, tcpState: -1 },
    ],
    [
      'a destroyed entry',
      event('destroy', { protocol: 6, status: 0x20e, tcpState: 7 }),
      { family: 2, protocol: 6, status: 0x20e, tcpState: 7 },
    ],
  ])('decodes %s', (_, message, expected) => {
    expect(read([message])).toEqual(expected);
  });

  it('keeps nothing of the previous entry', () => {
    const bare = netfilter(ENTRY, { family: 10 }, UDP);
    expect(read([entry({ protocol: 6, status: 0xffff, tcpState: 5 }), bare])).toEqual({
      family: 10,
      protocol: 17,
      status: 0,
      tcpState: -1,
    });
  });

  it('takes the protocol of the original direction, not of the reply or the master', () => {
    const other = (type: number): Uint8Array => nested(type, nested(2, attribute(1, number(6, 1))));
    expect(read([netfilter(ENTRY, { family: 2 }, other(2), UDP, other(14), other(2))]).protocol).toBe(17);
  });

  it('skips unknown attributes at every level', () => {
    const unknown = [
      attribute(0x3ffe, bytes()),
      nested(0x2abc, attribute(1, number(6, 1))),
      attribute(99, new Uint8Array(7)),
    ];
    const message = netfilter(
      ENTRY,
      { family: 2 },
      ...unknown,
      nested(1, ...unknown, nested(2, ...unknown, attribute(1, number(6, 1)), ...unknown), ...unknown),
      attribute(3, number(14, 4)),
      nested(4, ...unknown, nested(1, ...unknown, attribute(1, number(8, 1)), ...unknown)),
      ...unknown,
    );
    expect(read([message])).toEqual({ family: 2, protocol: 6, status: 14, tcpState: 8 });
  });

  it('finds no TCP state in the state of SCTP', () => {
    const sctp = nested(4, nested(3, attribute(1, number(4, 1))));
    const message = netfilter(ENTRY, { family: 2 }, UDP, sctp);
    expect(read([message]).tcpState).toBe(-1);
  });

  it.each<[string, Uint8Array, string]>([
    ['no address family', netfilter(ENTRY, {}).subarray(0, 16), 'an entry without an address family'],
    ['half an address family', netfilter(ENTRY, {}).subarray(0, 19), 'an entry without an address family'],
    ['no attribute', netfilter(ENTRY, {}), 'an entry without a protocol'],
    [
      'no protocol',
      netfilter(ENTRY, {}, nested(1, nested(1, attribute(1, number(1, 4))))),
      'an entry without a protocol',
    ],
    ['an empty tuple', netfilter(ENTRY, {}, nested(1)), 'an entry without a protocol'],
    [
      'a protocol of 4 bytes',
      netfilter(ENTRY, {}, nested(1, nested(2, attribute(1, number(6, 4))))),
      'attribute 1 has 4 bytes, not 1',
    ],
    [
      'a protocol of no byte',
      netfilter(ENTRY, {}, nested(1, nested(2, attribute(1, bytes())))),
      'attribute 1 has 0 bytes, not 1',
    ],
    ['a status of 2 bytes', netfilter(ENTRY, {}, UDP, attribute(3, number(8, 2))), 'attribute 3 has 2 bytes, not 4'],
    [
      'a TCP state of 2 bytes',
      netfilter(ENTRY, {}, UDP, nested(4, nested(1, attribute(1, number(3, 2))))),
      'attribute 1 has 2 bytes, not 1',
    ],
    [
      'a truncated attribute',
      netfilter(ENTRY, {}, UDP, attribute(5, bytes())).subarray(0, -2),
      'an attribute is truncated to 2 bytes',
    ],
  ])('refuses an entry with %s', (_, message, error) => {
    const whole = altered(message, 0, 4, message.length);
    expect(() => read([whole])).toThrow(new FormatError(error));
  });

  it('refuses a nested attribute that exceeds its parent but not the message', () => {
    const long = altered(attribute(2, new Uint8Array(4)), 0, 2, 24);
    const message = netfilter(ENTRY, {}, nested(1, long), attribute(3, number(8, 4)), attribute(7, new Uint8Array(16)));
    expect(() => read([message])).toThrow(new FormatError('an attribute claims 24 bytes, but 8 are left'));
  });

  it('decodes an entry after a refused one', () => {
    const memory = memoryOf(new ArrayBuffer(1024));
    const bad = netfilter(ENTRY, { family: 10 }, UDP, attribute(3, number(8, 2)));
    const good = entry({ protocol: 6, status: 2, tcpState: 1 });
    memory.bytes.set(concat([bad, good]));
    const reader = new MessageReader(memory);
    const flow = new Flow(memory);
    reader.open(0, bad.length + good.length);
    reader.next();
    expect(() => flow.read(reader)).toThrow(FormatError);
    reader.next();
    flow.read(reader);
    expect(flow).toMatchObject({ family: 2, protocol: 6, status: 2, tcpState: 1 });
  });
});

/** Every part that is decoded only on request, with a distinctive value. */
const PARTED = netfilter(
  ENTRY,
  { family: 2 },
  directed(1, 0x11, 40_001),
  directed(2, 0x22, 40_002),
  attribute(3, number(14, 4)),
  attribute(7, number(299, 4)),
  nested(9, attribute(1, large(0x1_0000_0007)), attribute(2, large(0x2_0000_0009))),
  nested(10, attribute(1, large(11)), attribute(2, large(13))),
  nested(20, attribute(1, large(1_700_000_000_123_000_000n))),
  nested(5, attribute(1, bytes(Buffer.from('ftp\0')))),
  attribute(8, number(0xfedcba98, 4)),
  attribute(18, number(4711, 2)),
  attribute(12, number(0xa1b2c3d4, 4)),
  attribute(11, number(3, 4)),
);

/** What each part is, and what it is while it is not asked for. */
const PART_VALUES = {
  timeout: { timeout: [299, -1] },
  id: { id: [0xa1b2c3d4, -1] },
  zone: { zone: [4711, 0] },
  mark: { mark: [0xfedcba98, 0] },
  counters: {
    originalCounters: [
      { packets: 0x1_0000_0007, bytes: 0x2_0000_0009 },
      { packets: -1, bytes: -1 },
    ],
    replyCounters: [
      { packets: 11, bytes: 13 },
      { packets: -1, bytes: -1 },
    ],
  },
  helper: { helper: ['ftp', ''] },
  start: { startedAt: [1_700_000_000_123, -1] },
} as const;

describe('the decoder of parts', () => {
  const parts = Object.keys(PART_VALUES) as (keyof typeof PART_VALUES)[];

  it.each(parts)('decodes %s if asked, and nothing else', (part) => {
    const expected = parts.flatMap((other) =>
      Object.entries(PART_VALUES[other]).map(([field, [value, absent]]) => [field, other === part ? value : absent]),
    );
    expect(decoded([PARTED], [part])).toMatchObject(Object.fromEntries(expected));
  });

  it('decodes both tuples or the original one if asked, only the protocol otherwise', () => {
    const { original, reply } = decoded([PARTED], ['tuples']);
    expect([original.sourcePort, reply.sourcePort, original.addressSize, reply.addressSize]).toEqual([
      40_001, 40_002, 4, 4,
    ]);
    const half = decoded([PARTED], ['original']);
    expect([half.original.sourcePort, half.original.addressSize, half.reply.protocol]).toEqual([40_001, 4, -1]);
    const bare = decoded([PARTED], ['mark']);
    expect([bare.protocol, bare.original.sourcePort, bare.reply.protocol]).toEqual([17, -1, -1]);
  });

  it('keeps nothing of the previous entry in any part', () => {
    const flow = decoded([PARTED, netfilter(ENTRY, { family: 2 }, UDP)], ['tuples', ...parts]);
    const absent = parts.flatMap((part) => Object.entries(PART_VALUES[part]).map(([field, [, none]]) => [field, none]));
    expect(flow).toMatchObject(Object.fromEntries(absent));
    expect([flow.original.sourcePort, flow.original.source, flow.reply.source]).toEqual([-1, -1, -1]);
  });

  it.each<[number, 'sctpState' | 'dccpState']>([
    [3, 'sctpState'],
    [2, 'dccpState'],
  ])('decodes the state in attribute %i as %s', (type, field) => {
    const state = (value: number): Uint8Array => nested(4, nested(type, attribute(1, number(value, 1))));
    const states = { tcpState: -1, sctpState: -1, dccpState: -1 };
    expect(decoded([netfilter(ENTRY, {}, UDP, state(5))])).toMatchObject({ ...states, [field]: 5 });
    expect(decoded([netfilter(ENTRY, {}, UDP, state(5)), netfilter(ENTRY, {}, UDP)])).toMatchObject(states);
  });

  it('refuses a counter of 4 bytes', () => {
    const short = netfilter(ENTRY, {}, UDP, nested(9, attribute(1, number(1, 4))));
    expect(() => decoded([short], ['counters'])).toThrow(new FormatError('attribute 1 has 4 bytes, not 8'));
  });
});

describe('the decoder of the protocol alone', () => {
  it('decodes the address family and the protocol, nothing else', () => {
    const message = event('new', { family: 10, protocol: 6, status: 14, tcpState: 3 });
    expect(read([message], 'readProtocol')).toEqual({ family: 10, protocol: 6, status: 0, tcpState: -1 });
  });

  it('ignores what follows', () => {
    const [first = bytes()] = entryAttributes({ protocol: 47 });
    const message = netfilter(ENTRY, { family: 2 }, first, attribute(3, number(8, 2)), Uint8Array.of(0, 0, 0, 0));
    expect(read([message], 'readProtocol').protocol).toBe(47);
  });

  it('finds the protocol after other attributes', () => {
    const message = netfilter(ENTRY, { family: 2 }, attribute(3, number(8, 4)), nested(2), UDP);
    expect(read([message], 'readProtocol').protocol).toBe(17);
  });

  it.each<[string, Uint8Array]>([
    ['no address family', netfilter(ENTRY, {}).subarray(0, 18)],
    ['no protocol', netfilter(ENTRY, {}, attribute(3, number(8, 4)))],
    ['a truncated tuple', netfilter(ENTRY, {}, UDP).subarray(0, 30)],
  ])('refuses a message with %s', (_, message) => {
    expect(() => read([altered(message, 0, 4, message.length)], 'readProtocol')).toThrow(FormatError);
  });
});

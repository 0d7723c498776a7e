import { describe, expect, it } from 'vitest';

import { FormatError } from '../../collector/base/errors.ts';
import { memoryOf } from '../../collector/netlink/channel.ts';
import { Tuple } from '../../collector/netlink/tuple.ts';
import { attribute, concat, nested, number } from '../helpers/netlink_channel.ts';

const V4 = [Uint8Array.of(10, 20, 30, 40), Uint8Array.of(50, 60, 70, 80)] as const;
const V6 = [new Uint8Array(16).fill(0xa6), new Uint8Array(16).fill(0xb7)] as const;

function addresses([source, destination]: readonly [Uint8Array, Uint8Array]): Uint8Array {
  const [from, to] = source.length === 4 ? [1, 2] : [3, 4];
  return nested(1, attribute(from, source), attribute(to, destination));
}

/** Protocol, then attributes by type and size. */
function transport(protocol: number, ...fields: readonly (readonly [number, number, 1 | 2])[]): Uint8Array {
  const numbers = fields.map(([type, value, size]) => attribute(type, number(value, size)));
  return nested(2, attribute(1, number(protocol, 1)), ...numbers);
}

const NOTHING = { sourcePort: -1, destinationPort: -1, icmpType: -1, icmpCode: -1, icmpId: -1, zone: -1 };

/** Payloads one after the other in one memory, decoded by one decoder. */
function reader(...payloads: readonly Uint8Array[]): {
  tuple: Tuple;
  read: (place: number) => void;
  bytes: Uint8Array;
} {
  const memory = memoryOf(new ArrayBuffer(2048));
  memory.bytes.fill(0xff);
  const starts: number[] = [];
  let at = 64;
  for (const payload of payloads) {
    memory.bytes.set(payload, at);
    starts.push(at);
    at += (payload.length + 3) & ~3;
  }
  const tuple = new Tuple(memory);
  const read = (place: number): void => {
    const start = starts[place] ?? 0;
    tuple.read(start, start + (payloads[place]?.length ?? 0));
  };
  return { tuple, read, bytes: memory.bytes };
}

function addressesIn({ addressSize, destination, source }: Tuple, bytes: Uint8Array): number[][] {
  return [source, destination].map((at) => [...bytes.subarray(at, at + addressSize)]);
}

describe('the decoder of a tuple', () => {
  it('finds the addresses and ports of TCP over IPv4', () => {
    const { bytes, read, tuple } = reader(concat([addresses(V4), transport(6, [2, 40_001, 2], [3, 443, 2])]));
    read(0);
    expect(tuple).toMatchObject({ ...NOTHING, protocol: 6, addressSize: 4, sourcePort: 40_001, destinationPort: 443 });
    expect(addressesIn(tuple, bytes)).toEqual([
      [10, 20, 30, 40],
      [50, 60, 70, 80],
    ]);
  });

  it('finds the addresses of IPv6 and the type, code and id of ICMPv6', () => {
    const icmp = transport(58, [7, 4711, 2], [8, 128, 1], [9, 3, 1]);
    const { bytes, read, tuple } = reader(concat([addresses(V6), icmp]));
    read(0);
    const expected = { protocol: 58, addressSize: 16, icmpId: 4711, icmpType: 128, icmpCode: 3 };
    expect(tuple).toMatchObject({ ...NOTHING, ...expected });
    expect(addressesIn(tuple, bytes)).toEqual([Array(16).fill(0xa6), Array(16).fill(0xb7)]);
  });

  it('finds the type, code and id of ICMP', () => {
    const { read, tuple } = reader(concat([addresses(V4), transport(1, [4, 815, 2], [5, 8, 1], [6, 1, 1])]));
    read(0);
    expect(tuple).toMatchObject({ ...NOTHING, protocol: 1, icmpId: 815, icmpType: 8, icmpCode: 1 });
  });

  it('finds the zone of the direction', () => {
    const { read, tuple } = reader(concat([addresses(V4), transport(50), attribute(3, number(777, 2))]));
    read(0);
    expect(tuple).toMatchObject({ ...NOTHING, protocol: 50, zone: 777 });
  });

  it('keeps nothing of the previous tuple', () => {
    const all = transport(6, [2, 1, 2], [3, 2, 2], [4, 3, 2], [5, 4, 1], [6, 5, 1]);
    const { read, tuple } = reader(concat([addresses(V6), all, attribute(3, number(6, 2))]), transport(17));
    read(0);
    read(1);
    expect(tuple).toMatchObject({ ...NOTHING, protocol: 17, source: -1, destination: -1, addressSize: 0 });
  });

  it.each<[string, Uint8Array, string]>([
    ['an IPv4 address of 16 bytes', nested(1, attribute(1, V6[0])), 'an address has 16 bytes, not 4'],
    ['an IPv6 address of 4 bytes', nested(1, attribute(4, V4[0])), 'an address has 4 bytes, not 16'],
    ['a port of one byte', transport(6, [2, 40, 1]), 'attribute 2 has 1 bytes, not 2'],
    ['an ICMP type of two bytes', transport(1, [5, 8, 2]), 'attribute 5 has 2 bytes, not 1'],
    ['a truncated attribute', addresses(V4).subarray(0, 6), 'an attribute claims 20 bytes, but 6 are left'],
  ])('refuses %s', (_, payload, error) => {
    const { read } = reader(payload);
    expect(() => read(0)).toThrow(new FormatError(error));
  });
});

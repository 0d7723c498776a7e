import { describe, expect, it } from 'vitest';

import { FormatError } from '../../collector/base/errors.ts';
import { memoryOf } from '../../collector/netlink/channel.ts';
import { Expectation } from '../../collector/netlink/expectation.ts';
import { MessageReader } from '../../collector/netlink/message.ts';
import { altered, attribute, concat, nested, netfilter, number } from '../helpers/netlink_channel.ts';

const HEADER = { type: 0x200, flags: 2, sequence: 1 };

function tuple(type: number, addresses: readonly [number, number], ports: readonly [number, number]): Uint8Array {
  const [source, destination] = addresses.map((byte) => new Uint8Array(4).fill(byte));
  return nested(
    type,
    nested(1, attribute(1, source ?? new Uint8Array(4)), attribute(2, destination ?? new Uint8Array(4))),
    nested(2, attribute(1, number(6, 1)), attribute(2, number(ports[0], 2)), attribute(3, number(ports[1], 2))),
  );
}

/** What an FTP helper expects, in the order in which the kernel sends it. */
const FTP = netfilter(
  HEADER,
  { family: 2 },
  tuple(2, [0x11, 0x22], [0, 50_001]),
  tuple(3, [0xff, 0xfe], [0, 0xffff]),
  tuple(1, [0x33, 0x44], [40_002, 21]),
  attribute(7, number(9, 2)),
  attribute(4, number(299, 4)),
  attribute(5, number(0xa1b2c3d4, 4)),
  attribute(8, number(3, 4)),
  attribute(9, number(1, 4)),
  attribute(6, Buffer.from('ftp\0')),
);

/** The expectation after decoding these messages one after the other, and the memory. */
function read(...messages: readonly Uint8Array[]): { expectation: Expectation; bytes: Uint8Array } {
  const all = concat(messages);
  const memory = memoryOf(new ArrayBuffer(4096));
  memory.bytes.set(all);
  const reader = new MessageReader(memory);
  const expectation = new Expectation(memory);
  reader.open(0, all.length);
  while (reader.next()) expectation.read(reader);
  return { expectation, bytes: memory.bytes };
}

describe('the decoder of an expectation', () => {
  it('finds the expected connection, its mask, its master and its fields', () => {
    const { bytes, expectation } = read(FTP);
    expect(expectation).toMatchObject({ family: 2, timeout: 299, helper: 'ftp', zone: 9, flags: 3, class: 1 });
    expect(expectation.tuple).toMatchObject({ protocol: 6, sourcePort: 0, destinationPort: 50_001, addressSize: 4 });
    expect(expectation.mask).toMatchObject({ sourcePort: 0, destinationPort: 0xffff });
    expect(expectation.master).toMatchObject({ sourcePort: 40_002, destinationPort: 21 });
    const { master, mask, tuple: expected } = expectation;
    const firsts = [expected, mask, master].flatMap(({ destination, source }) => [bytes[source], bytes[destination]]);
    expect(firsts).toEqual([0x11, 0x22, 0xff, 0xfe, 0x33, 0x44]);
  });

  it('keeps nothing of the previous expectation', () => {
    const { expectation } = read(
      FTP,
      netfilter(HEADER, { family: 10 }, nested(2, nested(2, attribute(1, number(17, 1))))),
    );
    expect(expectation).toMatchObject({ family: 10, timeout: -1, helper: '', zone: 0, flags: 0, class: -1 });
    expect(expectation.tuple).toMatchObject({ protocol: 17, source: -1, destinationPort: -1 });
    expect(expectation.mask.destinationPort).toBe(-1);
    expect(expectation.master.destinationPort).toBe(-1);
  });

  it.each<[string, Uint8Array, string]>([
    ['no address family', netfilter(HEADER, {}).subarray(0, 18), 'an expectation without an address family'],
    ['no tuple', netfilter(HEADER, {}, attribute(4, number(1, 4))), 'an expectation without a protocol'],
    ['a timeout of 2 bytes', netfilter(HEADER, {}, attribute(4, number(1, 2))), 'attribute 4 has 2 bytes, not 4'],
  ])('refuses an expectation with %s', (_, message, error) => {
    expect(() => read(altered(message, 0, 4, message.length))).toThrow(new FormatError(error));
  });
});

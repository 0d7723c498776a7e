import { describe, expect, it } from 'vitest';

import { FormatError } from '../../collector/base/errors.ts';
import { type Memory, memoryOf } from '../../collector/netlink/channel.ts';
import { AttributeReader, MessageReader } from '../../collector/netlink/message.ts';
import { altered, attribute, bytes, concat, message, nested, number } from '../helpers/netlink_channel.ts';

const AT = 1024;
const SIZE = 4096;

/** Memory that is full of copies of `around`, but for `inside` in the middle of it. */
function memory(inside: Uint8Array, around: Uint8Array): Memory {
  const whole = memoryOf(new ArrayBuffer(SIZE));
  for (let at = 0; at + around.length <= SIZE; at += around.length) whole.bytes.set(around, at);
  whole.bytes.set(inside, AT);
  // What follows is valid from the next boundary on.
  const next = AT + ((inside.length + 3) & ~3);
  for (let at = next; at + around.length <= SIZE; at += around.length) whole.bytes.set(around, at);
  return whole;
}

interface Found {
  readonly type: number;
  readonly start: number;
  readonly end: number;
}

/** Walks to the end; positions are relative to the start. */
function walk(reader: MessageReader | AttributeReader, length: number): { found: Found[]; error: unknown } {
  const found: Found[] = [];
  reader.open(AT, AT + length);
  try {
    while (reader.next()) found.push({ type: reader.type, start: reader.start - AT, end: reader.end - AT });
    return { found, error: undefined };
  } catch (error) {
    return { found, error };
  }
}

const BAIT_MESSAGE = message(0x0bad, 0x0bad, 0x0bad0bad, Uint8Array.of(1, 2, 3, 4));
const BAIT_ATTRIBUTE = attribute(0x0bad, Uint8Array.of(1, 2, 3, 4));

function messages(datagram: Uint8Array): { found: Found[]; error: unknown } {
  return walk(new MessageReader(memory(datagram, BAIT_MESSAGE)), datagram.length);
}

function attributes(list: Uint8Array): { found: Found[]; error: unknown } {
  return walk(new AttributeReader(memory(list, BAIT_ATTRIBUTE)), list.length);
}

describe('the messages of a datagram', () => {
  it('are read one after the other, with the fields of their headers', () => {
    const datagram = concat([
      message(0x1234, 0x5678, 0x9abcdef0, Uint8Array.of(7, 8, 9, 10)),
      message(0xffff, 0xfffe, 0xfffffffd),
    ]);
    const reader = new MessageReader(memory(datagram, BAIT_MESSAGE));
    reader.open(AT, AT + datagram.length);
    expect(reader.next()).toBe(true);
    expect(reader).toMatchObject({ type: 0x1234, flags: 0x5678, sequence: 0x9abcdef0, start: AT + 16, end: AT + 20 });
    expect(reader.next()).toBe(true);
    expect(reader).toMatchObject({ type: 0xffff, flags: 0xfffe, sequence: 0xfffffffd, start: AT + 36, end: AT + 36 });
    expect(reader.next()).toBe(false);
    expect(reader.next()).toBe(false);
  });

  it.each([1, 2, 3])('start at multiples of 4, even after a payload of %d bytes', (length) => {
    const datagram = concat([message(17, 0, 1, new Uint8Array(length)), message(23, 0, 1)]);
    expect(messages(datagram)).toEqual({
      found: [
        { type: 17, start: 16, end: 16 + length },
        { type: 23, start: 36, end: 36 },
      ],
      error: undefined,
    });
  });

  it('need no padding after the last', () => {
    const datagram = message(17, 0, 1, new Uint8Array(5)).subarray(0, 21);
    expect(messages(datagram)).toEqual({ found: [{ type: 17, start: 16, end: 21 }], error: undefined });
  });

  it('are none in an empty datagram', () => {
    expect(messages(bytes())).toEqual({ found: [], error: undefined });
  });

  it('can be read in another datagram after a truncated one', () => {
    const good = message(17, 0, 1);
    const place = memory(good, BAIT_MESSAGE);
    const reader = new MessageReader(place);
    reader.open(AT, AT + 5);
    expect(() => reader.next()).toThrow(FormatError);
    reader.open(AT, AT + good.length);
    expect([reader.next(), reader.type, reader.next()]).toEqual([true, 17, false]);
  });

  it.each([
    ['0', 0, 'a message claims 0 bytes, but 20 are left'],
    ['less than a header', 15, 'a message claims 15 bytes, but 20 are left'],
    ['one byte too many', 21, 'a message claims 21 bytes, but 20 are left'],
    ['the highest number', 0xffffffff, 'a message claims 4294967295 bytes, but 20 are left'],
    ['a negative number', 0x80000010, 'a message claims 2147483664 bytes, but 20 are left'],
  ])('are refused if one claims a length of %s', (_, claimed, error) => {
    const good = message(17, 0, 1);
    const bad = altered(message(23, 0, 1, new Uint8Array(4)), 0, 4, claimed);
    const result = messages(concat([good, bad]));
    expect(result.found).toEqual([{ type: 17, start: 16, end: 16 }]);
    expect(result.error).toEqual(new FormatError(error));
  });

  it.each([1, 4, 15])('are refused if only %d bytes are left', (left) => {
    const { error } = messages(message(17, 0, 1).subarray(0, left));
    expect(error).toEqual(new FormatError(`a message header is truncated to ${left} of 16 bytes`));
  });

  it('are never read past the end, wherever the datagram is cut', () => {
    const parts = [11, 12, 13].map((type) => message(type, 0, 1, new Uint8Array(8)));
    const whole = concat(parts);
    for (let length = 0; length <= whole.length; length++) {
      const { error, found } = messages(whole.subarray(0, length));
      const complete = Math.floor(length / 24);
      expect(found.map(({ type }) => type)).toEqual([11, 12, 13].slice(0, complete));
      expect(found.every(({ end }) => end <= length)).toBe(true);
      if (length % 24 === 0) expect(error).toBeUndefined();
      else expect(error).toBeInstanceOf(FormatError);
    }
  });
});

describe('the attributes of a message', () => {
  it('are read one after the other', () => {
    const list = concat([attribute(7, Uint8Array.of(1, 2, 3, 4, 5)), attribute(9, bytes())]);
    expect(attributes(list)).toEqual({
      found: [
        { type: 7, start: 4, end: 9 },
        { type: 9, start: 16, end: 16 },
      ],
      error: undefined,
    });
  });

  it('have the same type with and without the flags for nesting and byte order', () => {
    const list = concat([0, 0x8000, 0x4000, 0xc000].map((flags) => attribute(0x1f3 | flags, bytes())));
    expect(attributes(list).found.map(({ type }) => type)).toEqual([0x1f3, 0x1f3, 0x1f3, 0x1f3]);
  });

  it('can contain others', () => {
    const list = nested(3, attribute(5, number(42, 1)));
    const place = memory(list, BAIT_ATTRIBUTE);
    const [outer, inner] = [new AttributeReader(place), new AttributeReader(place)];
    outer.open(AT, AT + list.length);
    expect(outer.next()).toBe(true);
    inner.open(outer.start, outer.end);
    expect([inner.next(), inner.type, inner.number(1), inner.next()]).toEqual([true, 5, 42, false]);
  });

  it.each([
    ['0', 0, 'an attribute claims 0 bytes, but 8 are left'],
    ['less than a header', 3, 'an attribute claims 3 bytes, but 8 are left'],
    ['one byte too many', 9, 'an attribute claims 9 bytes, but 8 are left'],
    ['the highest number', 0xffff, 'an attribute claims 65535 bytes, but 8 are left'],
  ])('are refused if one claims a length of %s', (_, claimed, error) => {
    const bad = altered(attribute(23, new Uint8Array(4)), 0, 2, claimed);
    const result = attributes(concat([attribute(17, bytes()), bad]));
    expect(result.found).toEqual([{ type: 17, start: 4, end: 4 }]);
    expect(result.error).toEqual(new FormatError(error));
  });

  it.each([1, 2, 3])('are refused if only %d bytes are left', (left) => {
    const { error } = attributes(attribute(17, bytes()).subarray(0, left));
    expect(error).toEqual(new FormatError(`an attribute is truncated to ${left} bytes`));
  });

  it('are never read past the end, wherever it is', () => {
    const whole = concat([11, 12, 13].map((type) => attribute(type, new Uint8Array(4))));
    for (let length = 0; length <= whole.length; length++) {
      const { error, found } = attributes(whole.subarray(0, length));
      expect(found.map(({ type }) => type)).toEqual([11, 12, 13].slice(0, Math.floor(length / 8)));
      expect(found.every(({ end }) => end <= length)).toBe(true);
      if (length % 8 === 0) expect(error).toBeUndefined();
      else expect(error).toBeInstanceOf(FormatError);
    }
  });

  it.each([
    [1, [0xfe], 254],
    [2, [0x12, 0x34], 0x1234],
    [4, [0x12, 0x34, 0x56, 0x78], 0x12345678],
    [4, [0xff, 0xff, 0xff, 0xff], 4_294_967_295],
    [4, [0x80, 0, 0, 0], 2_147_483_648],
  ] as const)('are numbers of %d bytes in network byte order: %j', (size, payload, value) => {
    expect(reading(Uint8Array.from(payload)).number(size)).toBe(value);
  });

  it.each([
    [1, 0],
    [1, 2],
    [2, 1],
    [2, 4],
    [4, 3],
    [4, 5],
    [4, 8],
  ] as const)('are refused as a number of %d bytes if they have %d', (size, length) => {
    const reader = reading(new Uint8Array(length));
    expect(() => reader.number(size)).toThrow(new FormatError(`attribute 17 has ${length} bytes, not ${size}`));
  });
});

/** A reader positioned at an attribute with this payload. */
function reading(payload: Uint8Array): AttributeReader {
  const list = attribute(17, payload);
  const reader = new AttributeReader(memory(list, BAIT_ATTRIBUTE));
  reader.open(AT, AT + list.length);
  reader.next();
  return reader;
}

import { describe, expect, it } from 'vitest';

import { parseNetwork } from '../../collector/base/cidr.ts';
import { addressKey, addressText } from '../../collector/netlink/address.ts';

/** The key of an address between other bytes. */
function keyOf(text: string): number | string {
  const address = parseNetwork(text)?.address ?? new Uint8Array(0);
  return addressKey(Uint8Array.of(0xaa, ...address, 0xbb), 1, address.length);
}

describe('the key of an address', () => {
  it('is an unsigned 32-bit number for IPv4', () => {
    expect([keyOf('0.0.0.1'), keyOf('203.0.113.77'), keyOf('255.255.255.255')]).toEqual([1, 0xcb00714d, 0xffffffff]);
  });

  it('is a string of 16 characters for IPv6', () => {
    expect(keyOf('2001:db8::f1')).toBe('\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\xf1');
  });
});

describe('an address as text', () => {
  it.each([
    '0.0.0.0',
    '203.0.113.77',
    '255.255.255.255',
    '::',
    '::1',
    '2001:db8::',
    '2001:db8::f1',
    '2001:db8:0:1:2:3:4:5',
    '2001:0:0:1::5',
    '2001:db8::1:0:0:1',
    'fe80::a:b:c:d',
    '1:2:3:4:5:6:7:8',
    '::ffff:192.0.2.33',
    '::2:3:4:5:6:7',
  ])('is %s again after its key', (text) => {
    expect(addressText(keyOf(text))).toBe(text);
  });

  it('shortens the first of two equally long runs of zeros', () => {
    expect(addressText(keyOf('2001:db8:0:0:1:0:0:1'))).toBe('2001:db8::1:0:0:1');
  });
});

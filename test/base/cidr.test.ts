import { describe, expect, it } from 'vitest';

import { isWithin, parseNetwork } from '../../collector/base/cidr.ts';

/** Whether an address, behind other bytes, is in a network. */
function holds(network: string, address: string): boolean {
  const [parsed, one] = [parseNetwork(network), parseNetwork(address)];
  if (parsed === undefined || one === undefined) throw new Error(`not parsed: ${network} or ${address}`);
  return isWithin(parsed, Uint8Array.of(9, 9, 9, ...one.address, 9), 3, one.address.length);
}

describe('a network in CIDR notation', () => {
  it.each([
    ['203.0.113.0/28', [203, 0, 113, 0], 28],
    ['203.0.113.77', [203, 0, 113, 77], 32],
    ['2001:db8::/33', [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 33],
    ['::', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 128],
    ['::ffff:192.0.2.33', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 33], 128],
    ['1:2:3:4:5:6:7:89ab', [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0x89, 0xab], 128],
  ])('is read from %s', (text, address, prefix) => {
    expect(parseNetwork(text)).toEqual({ address: Uint8Array.from(address), prefix });
  });

  it.each([
    '',
    '203.0.113.0/33',
    '203.0.113/24',
    '203.0.113.0/',
    '203.0.113.0/-1',
    '::1/129',
    'fe80::1%eth0',
    'host',
    '/8',
  ])('is not read from "%s"', (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });

  it.each([
    ['203.0.113.0/28', '203.0.113.15', true],
    ['203.0.113.0/28', '203.0.113.16', false],
    ['203.0.113.9/28', '203.0.113.1', true],
    ['203.0.113.0/24', '203.0.114.0', false],
    ['203.0.113.7', '203.0.113.7', true],
    ['203.0.113.7', '203.0.113.6', false],
    ['0.0.0.0/0', '255.1.2.3', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['2001:db8:8000::/33', '2001:db8:ffff::1', true],
    ['2001:db8:8000::/33', '2001:db8:7fff::1', false],
  ])('%s, asked about %s, answers %s', (network, address, expected) => {
    expect(holds(network, address)).toBe(expected);
  });
});

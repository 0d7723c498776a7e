/** Networks in CIDR notation. */

import { isIPv4, isIPv6 } from 'node:net';

export interface Network {
  /** An address of the network: 4 or 16 bytes. */
  readonly address: Uint8Array;
  /** Bits that all addresses of the network have in common. */
  readonly prefix: number;
}

/** Reads `203.0.113.0/28`, `2001:db8::/64` or a single address; `undefined` if it is none of these. */
export function parseNetwork(text: string): Network | undefined {
  const [, base = '', length] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = parseAddress(base);
  if (address === undefined) return undefined;
  const bits = address.length * 8;
  const prefix = length === undefined ? bits : Number(length);
  return prefix <= bits ? { address, prefix } : undefined;
}

/**
 * Whether an address belongs to a network.
 *
 * @param at offset of the address in `bytes`.
 * @param size bytes of the address: 4 or 16.
 */
export function isWithin({ address, prefix }: Network, bytes: Uint8Array, at: number, size: number): boolean {
  if (address.length !== size) return false;
  const whole = prefix >> 3;
  for (let place = 0; place < whole; place++) if (bytes[at + place] !== address[place]) return false;
  const mask = (0xff00 >> (prefix & 7)) & 0xff;
  return (((bytes[at + whole] ?? 0) ^ (address[whole] ?? 0)) & mask) === 0;
}

/** The 4 or 16 bytes of an address. */
function parseAddress(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return Uint8Array.from(text.split('.'), Number);
  return isIPv6(text) ? parseIpv6(text) : undefined;
}

function parseIpv6(text: string): Uint8Array {
  const [before = '', after = ''] = text.split('::');
  const head = groupsOf(before);
  const tail = groupsOf(after);
  const zeros = new Array<number>(8 - head.length - tail.length).fill(0);
  return Uint8Array.from([...head, ...zeros, ...tail].flatMap((group) => [group >> 8, group & 255]));
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [first = 0, second = 0, third = 0, fourth = 0] = group.split('.').map(Number);
    return [(first << 8) | second, (third << 8) | fourth];
  });
}

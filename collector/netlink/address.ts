/** Internet addresses as keys of maps, and as text. */

/** IPv4: an unsigned 32-bit number. IPv6: a string of 16 characters, one for each byte. */
export type AddressKey = number | string;

/**
 * @param at the offset of the address in `bytes`.
 * @param size 4 or 16 bytes.
 */
export function addressKey(bytes: Uint8Array, at: number, size: number): AddressKey {
  if (size === 4) return ((byte(bytes, at) << 24) | low24(bytes, at + 1)) >>> 0;
  let key = '';
  for (let place = at; place < at + 16; place += 4) {
    key += String.fromCharCode(
      byte(bytes, place),
      byte(bytes, place + 1),
      byte(bytes, place + 2),
      byte(bytes, place + 3),
    );
  }
  return key;
}

/** The address as `conntrack -L` prints it; IPv6 as RFC 5952 has it. */
export function addressText(key: AddressKey): string {
  if (typeof key === 'number') return `${key >>> 24}.${(key >>> 16) & 255}.${(key >>> 8) & 255}.${key & 255}`;
  const groups = Array.from(
    { length: 8 },
    (_, place) => (key.charCodeAt(place * 2) << 8) | key.charCodeAt(place * 2 + 1),
  );
  const isMapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
  if (isMapped) return `::ffff:${addressText((((groups[6] ?? 0) << 16) | (groups[7] ?? 0)) >>> 0)}`;
  const { length, start } = longestZeros(groups);
  const words = groups.map((group) => group.toString(16));
  if (length < 2) return words.join(':');
  return `${words.slice(0, start).join(':')}::${words.slice(start + length).join(':')}`;
}

/** The first one of the longest runs of 0. */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  let start = 0;
  for (const [place, group] of groups.entries()) {
    if (group !== 0) start = place + 1;
    else if (place + 1 - start > longest.length) longest = { start, length: place + 1 - start };
  }
  return longest;
}

function low24(bytes: Uint8Array, at: number): number {
  return (byte(bytes, at) << 16) | (byte(bytes, at + 1) << 8) | byte(bytes, at + 2);
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

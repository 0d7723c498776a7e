/** Arbitrary changes of bytes. */

import fc from 'fast-check';

import { bytes, concat } from './netlink_messages.ts';

export type Change = (original: Uint8Array) => Uint8Array;

/** Flips a bit. */
export const flip: fc.Arbitrary<Change> = fc.tuple(fc.nat(), fc.nat(7)).map(([at, bit]) => (original) => {
  const copy = bytes(original);
  if (copy.length > 0) copy[at % copy.length] = (copy[at % copy.length] ?? 0) ^ (1 << bit);
  return copy;
});

/** Truncates. */
export const cut: fc.Arbitrary<Change> = fc
  .nat()
  .map((at) => (original) => original.subarray(0, at % (original.length + 1)));

/** Moves at most `longest` bytes to another place. */
export function move(longest: number): fc.Arbitrary<Change> {
  return fc.tuple(fc.nat(), fc.nat(longest), fc.nat()).map(([from, length, to]) => (original) => {
    const start = from % (original.length + 1);
    const piece = original.subarray(start, start + length);
    const rest = concat([original.subarray(0, start), original.subarray(start + piece.length)]);
    const place = to % (rest.length + 1);
    return concat([rest.subarray(0, place), piece, rest.subarray(place)]);
  });
}

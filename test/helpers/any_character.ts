import fc from 'fast-check';

/**
 * Any character of Unicode, as the unit of a text; ASCII and combining ones as often as all others together. The units
 * `binary` and `grapheme` of fast-check build a table of a million characters first, which takes seconds.
 */
export const anyCharacter: fc.Arbitrary<string> = fc
  .oneof(
    fc.nat(0x7f),
    fc.integer({ min: 0x300, max: 0x36f }),
    fc.nat(0xd7ff),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
  )
  .map((code) => String.fromCodePoint(code));

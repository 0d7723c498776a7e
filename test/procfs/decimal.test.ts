import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FormatError } from '../../collector/base/errors.ts';
import { parseDecimal } from '../../collector/procfs/decimal.ts';

describe('a decimal number of /proc/sys', () => {
  it.each([
    ['262144\n', 262_144],
    ['0\n', 0],
    ['17', 17],
    ['9007199254740991\n', Number.MAX_SAFE_INTEGER],
  ])('reads %j', (text, value) => {
    expect(parseDecimal(Buffer.from(text))).toBe(value);
  });

  it.each(['', '\n', ' 5\n', '-5\n', '5 6\n', '0x1f\n', '5\n\n', '9007199254740993\n', '99999999999999999999\n'])(
    'refuses %j',
    (text) => {
      expect(() => parseDecimal(Buffer.from(text))).toThrow(FormatError);
    },
  );

  it('reads every number that the kernel can print and refuses all other bytes', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (value) => parseDecimal(Buffer.from(`${value}\n`)) === value));
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = Buffer.from(bytes).toString('latin1');
        if (/^\d+\n?$/.test(text)) return;
        expect(() => parseDecimal(bytes)).toThrow(FormatError);
      }),
    );
  });
});

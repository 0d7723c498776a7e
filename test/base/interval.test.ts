import { describe, expect, it } from 'vitest';

import { UsageError } from '../../collector/base/errors.ts';
import { LONGEST_INTERVAL, parseInterval, parseWhole } from '../../collector/base/interval.ts';

describe('an interval', () => {
  it('is at most one day', () => {
    expect(LONGEST_INTERVAL).toBe(24 * 60 * 60);
  });

  it.each([
    ['1', 1],
    ['7', 7],
    ['007', 7],
    ['86400', 86_400],
  ])('of %j is %d seconds', (text, seconds) => {
    expect(parseInterval('INTERVAL', text)).toBe(seconds);
  });

  it.each([
    '0',
    '86401',
    '-1',
    '+1',
    '1.5',
    '1e3',
    '0x10',
    '1_000',
    '5s',
    ' 5',
    '5\n',
    '',
    'NaN',
    'Infinity',
    '٣',
    '0000000000000005',
    '99999999999999999999',
  ])('of %j is refused with what was expected and what was found', (text) => {
    const said = `NETDATA_UPDATE_EVERY: expected whole seconds from 1 to 86400, got ${JSON.stringify(text)}`;
    expect(() => parseInterval('NETDATA_UPDATE_EVERY', text)).toThrow(new UsageError(said));
  });
});

describe('a whole number', () => {
  it('can be as large as the caller allows', () => {
    expect(parseWhole('--ticks', '999999999999999', 999_999_999_999_999, 'a number')).toBe(999_999_999_999_999);
  });

  it('that is larger is refused with the name and the unit of the caller', () => {
    expect(() => parseWhole('--ticks', '12', 11, 'a whole number')).toThrow(
      new UsageError('--ticks: expected a whole number from 1 to 11, got "12"'),
    );
  });
});

import { describe, expect, it } from 'vitest';

import { inTime, inUnits } from '../../collector/terminal/numbers.ts';

describe('a number for people', () => {
  it.each([
    [0, '0 s'],
    [119, '119 s'],
    [120, '2 min'],
    [7199, '120 min'],
    [7200, '2 h'],
    [86_000, '24 h'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(inTime(seconds)).toBe(text);
  });

  it.each([
    ['connections/s', '12.3/s'],
    ['%', '12.3 %'],
    ['connections', '12'],
  ])('is written by its unit %s', (units, text) => {
    expect(inUnits(12.3, units)).toBe(text);
  });
});

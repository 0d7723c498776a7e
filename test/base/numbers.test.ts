import { describe, expect, it } from 'vitest';

import { inPercent, inRate, inWhole } from '../../collector/base/numbers.ts';

describe('a number for people', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [262_144, '262,144'],
    [1_234_567.6, '1,234,568'],
  ])('%d as a whole number is %s', (value, text) => {
    expect(inWhole(value)).toBe(text);
  });

  it.each([
    [0, '0.0'],
    [0.01, '<0.1'],
    [0.05, '0.1'],
    [2.34, '2.3'],
    [99.94, '99.9'],
    [99.96, '100'],
    [1203.4, '1,203'],
  ])('%d as a rate is %s', (value, text) => {
    expect(inRate(value)).toBe(text);
  });

  it('has its sign as a percentage', () => {
    expect([inPercent(4.709), inPercent(100)]).toEqual(['4.7 %', '100 %']);
  });
});

import { describe, expect, it } from 'vitest';

import { bar } from '../../collector/terminal/bar.ts';
import type { Series } from '../../collector/terminal/history.ts';
import { ASCII, UNICODE } from '../../collector/terminal/signs.ts';
import { sparkline } from '../../collector/terminal/sparkline.ts';
import { timeToFull } from '../../collector/terminal/time_to_full.ts';

const series = (values: Series['values'], length = values.length, newest = values.length - 1): Series => ({
  values,
  newest,
  length,
});

describe('a bar', () => {
  it.each([
    [0, '', '░░░░░░░░'],
    [0.0001, '▏', '░░░░░░░'],
    [0.5, '████', '░░░░'],
    [0.58, '████▋', '░░░'],
    [1, '████████', ''],
    // The table can hold more than its limit, which may be lowered.
    [1.7, '████████', ''],
  ])('of %d is filled so far', (share, filled, rest) => {
    expect(bar(share, 8, UNICODE)).toEqual({ filled, rest });
  });

  it.each([
    [0, '', '....'],
    [0.01, '#', '...'],
    [0.6, '##', '..'],
    [1, '####', ''],
  ])('of %d is filled so far in ASCII', (share, filled, rest) => {
    expect(bar(share, 4, ASCII)).toEqual({ filled, rest });
  });
});

describe('a sparkline', () => {
  it('is as high as its highest value, flat where there is nothing, and blank where nothing is known', () => {
    expect(sparkline(series([0, 1, 20, undefined, 50, 100]), 6, UNICODE)).toBe('▁▂▂ ▅█');
    expect(sparkline(series([0, 1, 20, undefined, 50, 100]), 6, ASCII)).toBe('_.. =#');
    expect(sparkline(series([0, 0, undefined]), 3, UNICODE)).toBe('▁▁ ');
  });

  it('begins with blanks while there are not yet enough values', () => {
    expect(sparkline(series([3, 6], 5), 5, UNICODE)).toBe('   ▅█');
  });

  it('has several columns for each value where there is room', () => {
    expect(sparkline(series([0, 7, undefined]), 7, UNICODE)).toBe('▁▁██  ');
  });

  it('shows the highest of the values that share a column, which stay the same', () => {
    const values = [0, 7, 0, 0, undefined, undefined, 3];
    // The newest is in the column of 6 and 7, which is to come; then all move on by one.
    expect(sparkline(series(values, 8, 6), 4, UNICODE)).toBe('█▁ ▄');
    expect(sparkline(series([...values, 0], 8, 7), 4, UNICODE)).toBe('█▁ ▄');
    expect(sparkline(series([...values.slice(1), 0, 0], 8, 8), 4, UNICODE)).toBe('▁ ▄▁');
  });
});

describe('the time until it is full', () => {
  const growing = (perValue: number): number[] => Array.from({ length: 12 }, (_, place) => 100 + place * perValue);

  it('is what it takes to go on as before', () => {
    // Half a one a second; 45 are missing.
    expect(timeToFull(series(growing(5)), 10, 200)).toBeCloseTo(90);
  });

  it('is not known before a whole minute is, nor where a third of it is not', () => {
    expect(timeToFull(series(growing(5), 13), 10, 200)).toBeUndefined();
    const values = growing(5).map((value, place) => (place < 4 ? undefined : value));
    expect(timeToFull(series(values), 10, 200)).toBeUndefined();
  });

  it('is not known where it does not grow, or only fluctuates', () => {
    expect(timeToFull(series(growing(0)), 10, 200)).toBeUndefined();
    expect(timeToFull(series(growing(-3)), 10, 200)).toBeUndefined();
    expect(timeToFull(series([100, 150, 100, 100, 120, 120, 120, 120, 160, 160, 149, 160]), 10, 200)).toBeUndefined();
  });

  it('is not told of what is full', () => {
    expect(timeToFull(series(growing(5)), 10, 155)).toBeUndefined();
  });
});

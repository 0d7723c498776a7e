import { describe, expect, it } from 'vitest';

import { bar, sparkline } from '../../collector/terminal/drawing.ts';
import type { Series } from '../../collector/terminal/history.ts';

const series = (values: Series['values'], length = values.length, newest = values.length - 1): Series => ({
  values,
  newest,
  length,
});

describe('a bar', () => {
  it.each([
    [0, ''],
    [0.0001, '▏'],
    [0.5, '████'],
    [0.58, '████▋'],
    [1, '████████'],
    // The limit of the table can be lowered below its number of entries.
    [1.7, '████████'],
  ])('of the share %d in 8 columns is "%s"', (share, filled) => {
    expect(bar(share, 8)).toBe(filled);
  });
});

describe('a sparkline', () => {
  it('scales to its maximum, is flat at 0, and blank in gaps', () => {
    expect(sparkline(series([0, 1, 20, undefined, 50, 100]), 6)).toBe('▁▂▂ ▅█');
    expect(sparkline(series([0, 0, undefined]), 3)).toBe('▁▁ ');
  });

  it('starts with blanks while the minute is incomplete', () => {
    expect(sparkline(series([3, 6], 5), 5)).toBe('   ▅█');
  });

  it('shows each value in several columns if they fit', () => {
    expect(sparkline(series([0, 7, undefined]), 7)).toBe('▁▁██  ');
  });

  it('shows the maximum of values that share a column, and keeps their grouping as time passes', () => {
    const values = [0, 7, 0, 0, undefined, undefined, 3];
    // The last column is for values 6 and 7; then all columns move left by one.
    expect(sparkline(series(values, 8, 6), 4)).toBe('█▁ ▄');
    expect(sparkline(series([...values, 0], 8, 7), 4)).toBe('█▁ ▄');
    expect(sparkline(series([...values.slice(1), 0, 0], 8, 8), 4)).toBe('▁ ▄▁');
  });
});

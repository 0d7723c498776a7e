import { describe, expect, it } from 'vitest';

import { host, reading, Showing } from '../helpers/showing.ts';

describe('the table on the screen', () => {
  const table = (used: number): Showing =>
    new Showing().update(0, reading(1, host({ connections: used * 10, max: 1000 })));
  const styles = (showing: Showing): (string | undefined)[] => [
    showing.lines(80, 24)[1]?.[1]?.style,
    showing.lines(80, 24)[2]?.[0]?.style,
  ];

  it.each([
    [90, 'good'],
    [90.1, 'warning'],
    [95, 'warning'],
    [95.1, 'critical'],
  ])('is coloured by its use: at %d %% as %s', (used, style) => {
    expect(styles(table(used))).toEqual([style, style]);
  });

  it('has a number and no bar without a known limit', () => {
    const showing = new Showing().update(0, reading(1, host({ connections: 4321 })));
    expect(showing.screen(80, 24).split('\n').slice(1, 3)).toEqual([
      '4,321 entries                                                                  █',
      '',
    ]);
  });

  it('is reported as unreadable for a minute, then left out', () => {
    const showing = table(81.2);
    expect(showing.update(1, reading(1)).screen(60, 10)).toContain('812 of 1,000 entries  81.2 %');
    expect(showing.update(2, reading(1)).screen(60, 10)).toContain('cannot be read at present');
    expect(showing.update(59, reading(1)).screen(60, 10)).toContain('cannot be read at present');
    expect(showing.update(60, reading(1)).screen(60, 10)).not.toContain('table');
  });

  it('has the time until it is full only while it grows', () => {
    const growing = (perSecond: number): string => {
      const showing = new Showing();
      for (let second = 0; second < 60; second++) {
        const connections = 5000 + second * perSecond;
        showing.update(second, reading(1, host({ connections, max: 10_000 })));
      }
      return showing.screen(80, 10).split('\n')[1] ?? '';
    };
    // 5,590 after 59 seconds; the missing 4,410 take 441 seconds.
    expect(growing(10)).toMatch(/^5,590 of 10,000 entries {2}55\.9 % {2}full in 7 min /);
    expect(growing(0)).not.toContain('full');
    expect(growing(-10)).not.toContain('full');
    // In more than a day.
    expect(growing(0.05)).not.toContain('full');
  });
});

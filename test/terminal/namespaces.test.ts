import { describe, expect, it } from 'vitest';

import { host, instance, reading, Showing, textOf } from '../helpers/showing.ts';

/** The sample of a namespace, as a job returns it. */
function netns(name: string, values: Readonly<Record<string, number>>) {
  return instance('host', `netns_${name}`, { netns: name }, values);
}

const TENANTS = reading(
  1,
  netns('blue', { connections: 471, max: 10_000, drop: 0, early_drop: 0, insert_failed: 0, new: 12.5 }),
  netns('red', { connections: 9123, max: 10_000, drop: 0, early_drop: 0 }),
  netns('green', { connections: 3204, max: 10_000, drop: 3, early_drop: 7, insert_failed: 1, new: 40 }),
  netns('idle', { connections: 0, max: 10_000, drop: 0, new: 0 }),
);
const HOST = reading(1, host({ connections: 5, max: 10_000, invalid: 2.5 }));

describe('the section of other network namespaces', () => {
  it('ranks them by their entries, marks trouble, and shows the rate of errors or else of new connections', () => {
    expect(new Showing().update(0, HOST, TENANTS).screen(120, 12)).toBe(
      `fw-north  every 1 s  Linux 6.18.7                                                                               12:00:00
5 of 10,000 entries  0.1 %                                                                                             █
▏░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
Rates ─────────────────────────────────────────────────────  Network Namespaces ────────────────────────────────────────
invalid        2.5/s                                      █  red        9,123  91.2 %!                   █████████████▋
                                                             green      3,204  32.0 %!  early_drop 7.0/s ████▊
                                                             blue         471   4.7 %         new 12.5/s ▊
                                                             idle           0   0.0 %



Ctrl-C ends   ! trouble   run conntrack.plugin top --netns red`,
    );
  });

  it('loses rates, then bars, if it is narrow, and never a number', () => {
    const rows = (columns: number): string[] =>
      new Showing()
        .update(0, TENANTS)
        .screen(columns, 12)
        .match(/^(?:green|red|blue).*$/gm) ?? [];
    expect(rows(44)).toEqual([
      'red        9,123  91.2 %!',
      'green      3,204  32.0 %!  early_drop 7.0/s',
      'blue         471   4.7 %         new 12.5/s',
    ]);
    expect(rows(42)).toEqual([
      'red        9,123  91.2 %! ██████████████▋',
      'green      3,204  32.0 %! █████▏',
      'blue         471   4.7 %  ▊',
    ]);
    expect(rows(29)).toEqual(['red        9,123  91.2 %!', 'green      3,204  32.0 %!', 'blue         471   4.7 %']);
  });

  it('shows entries alone if the limit is unknown', () => {
    const showing = new Showing().update(0, reading(1, netns('blue', { connections: 471 })));
    expect(showing.screen(60, 8)).toMatch(/^blue +471$/m);
  });

  it('marks what is overdue', () => {
    const showing = new Showing().update(0, TENANTS).update(3);
    expect(showing.screen(60, 12)).toMatch(/^red +9,123 {2}91\.2 %\?/m);
    expect(showing.screen(60, 12)).toContain('? old');
    expect(showing.screen(60, 12)).not.toContain('--netns');
  });

  it('shows a name with control characters as text', () => {
    const showing = new Showing().update(0, reading(1, netns('bl\x1bue', { connections: 471 })));
    expect(showing.screen(60, 12)).toMatch(/^bl\\u\{1b\}ue +471$/m);
  });

  it('colours a namespace that is nearly full', () => {
    const line = new Showing()
      .update(0, TENANTS)
      .lines(60, 12)
      .find((one) => textOf(one).startsWith('red'));
    expect(line?.find(({ text }) => text.includes('9,123'))?.style).toBe('critical');
  });
});

import { describe, expect, it } from 'vitest';

import type { Overview } from '../../collector/functions/overview.ts';
import { answerScreen } from '../../collector/terminal/answer_screen.ts';
import { overviewLines } from '../../collector/terminal/overview.ts';
import { type Line, span, widthOf } from '../../collector/terminal/text.ts';

const NOTE = 'Estimated from 20,006 of 230,412 entries (8.7 %); standard error of a share at most 0.35 points.';

const OVERVIEW: Overview = {
  entries: 230_412,
  max: 262_144,
  rankings: [
    {
      title: 'Source',
      rows: [
        { name: '10.0.0.77', connections: 187_000, share: 81.2 },
        { name: '2001:db8::15', connections: 43_412, share: 18.8 },
      ],
    },
    { title: 'Destination', rows: [{ name: '10.9.0.1', connections: 230_412, share: 100 }] },
    { title: 'Service', rows: [{ name: 'tcp/443', connections: 230_412, share: 100 }] },
    { title: 'State', rows: [{ name: 'SYN_SENT', connections: 230_000, share: 99.8 }] },
  ],
  notes: [NOTE],
};

function textOf(lines: readonly Line[]): string {
  return lines.map((line) => line.map(({ text }) => text).join('')).join('\n');
}

describe('an overview', () => {
  it('shows how full the table is, and two columns of rankings with bars', () => {
    const text = textOf(overviewLines(OVERVIEW, { columns: 100, rows: 23 }));
    expect(text.split('\n').map((line) => line.trimEnd())).toEqual([
      '230,412 of 262,144 entries  87.9 %',
      '',
      'Source ──────────────────────────────────────────  Destination ─────────────────────────────────────',
      '10.0.0.77       187,000  81.2 % █████████████▊     10.9.0.1    230,412   100 % █████████████████████',
      '2001:db8::15     43,412  18.8 % ███▎',
      '                                                   State ───────────────────────────────────────────',
      'Service ─────────────────────────────────────────  SYN_SENT    230,000  99.8 % █████████████████████',
      'tcp/443    230,412   100 % ██████████████████████',
      '',
      NOTE,
    ]);
  });

  it('without a limit shows no percentage', () => {
    const [head] = overviewLines({ ...OVERVIEW, max: undefined }, { columns: 80, rows: 23 });
    expect(textOf([head ?? []])).toBe('230,412 entries');
  });

  it('of an empty table has no rankings', () => {
    const rankings = OVERVIEW.rankings.map(({ title }) => ({ title, rows: [] }));
    const lines = overviewLines({ ...OVERVIEW, entries: 0, rankings, notes: [] }, { columns: 80, rows: 23 });
    expect(textOf(lines).trimEnd()).toBe('0 of 262,144 entries  0.0 %');
  });

  it('in one column shows the most important ranking first, and leaves out what does not fit', () => {
    const text = textOf(overviewLines(OVERVIEW, { columns: 60, rows: 12 }));
    expect(text).toMatch(/^Source ─+$/m);
    expect(text).not.toContain('State');
  });

  it('in 80 columns shows numbers and shares in full beside both ends of a long address', () => {
    const rows = [{ name: '2001:db8:1111:2222:3333:4444:5555:7777', connections: 1_230_412, share: 53.4 }];
    const rankings = ['Source', 'Destination'].map((title) => ({ title, rows }));
    const text = textOf(overviewLines({ ...OVERVIEW, rankings, notes: [] }, { columns: 80, rows: 23 }));
    const half = '2001:db8:…5555:7777  1,230,412  53.4 %';
    expect(text.split('\n').at(-1)).toBe(`${half}   ${half}`);
  });

  it.each([1, 5, 20, 40, 77, 78, 100, 200])('fits %i columns and any number of rows', (columns) => {
    for (let rows = 1; rows < 40; rows++) {
      const lines = overviewLines(OVERVIEW, { columns, rows });
      expect(lines.length).toBeLessThanOrEqual(rows);
      expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns);
    }
  });
});

describe('the screen of a repeated answer', () => {
  const view = {
    title: 'top --by zone',
    every: 5,
    time: new Date(2026, 10, 21, 20, 53, 46).getTime(),
    draw: ({ columns, rows }: { columns: number; rows: number }) => [[span(`${columns} × ${rows}`)]],
  };

  it('has the command, the interval and the time around the answer, and says how to end', () => {
    expect(textOf(answerScreen(view, { columns: 40, rows: 5 }))).toBe(
      ['top --by zone  every 5 s        20:53:46', '40 × 3', '', '', 'Ctrl-C ends'].join('\n'),
    );
  });

  it.each([1, 2, 3, 10])('has exactly %i rows, none too wide', (rows) => {
    const lines = answerScreen(view, { columns: 9, rows });
    expect(lines).toHaveLength(rows);
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(9);
  });
});

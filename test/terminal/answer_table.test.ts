import { describe, expect, it } from 'vitest';

import type { Answer } from '../../collector/functions/answer.ts';
import { fittingLines, jsonLines, plainTable, tableLines } from '../../collector/terminal/answer_table.ts';
import { cellText } from '../../collector/terminal/cells.ts';
import { type Line, widthOf } from '../../collector/terminal/text.ts';
import { RANKING } from '../helpers/terminal_answers.ts';

const SEEN = cellText(Date.UTC(2026, 10, 21, 20, 53, 46), 'time');

function textsOf(lines: readonly Line[]): readonly string[] {
  return lines.map((line) => line.map(({ text }) => text).join(''));
}

describe('a table', () => {
  it('with enough room shows every column but the hidden, numbers to the right, and marks problems', () => {
    expect(textsOf(tableLines(RANKING, 120))).toEqual([
      'Source        Connections   Share     New    Bytes  Oldest                 Seen',
      `10.0.0.77          93,211  49.7 %  12.3/s  1.5 GiB     5 d  ${SEEN}`,
      `${'2001:db8::15        4,711   2.5 %   0.0/s    823 B    59 s                    -'.padEnd(118)} !`,
      `${'10.0.0.9                3  <0.1 %       -  1.5 KiB     2 h                    -'.padEnd(118)} !`,
    ]);
  });

  it('colours problems by their severity', () => {
    const styles = tableLines(RANKING, 120).map((line) => line[0]?.style);
    expect(styles).toEqual(['strong', undefined, 'warning', 'critical']);
  });

  it.each([
    [81, ['Source', 'Connections', 'Share', 'New', 'Bytes', 'Oldest', 'Seen']],
    [80, ['Source', 'Connections', 'Share', 'New', 'Bytes', 'Oldest']],
    [59, ['Source', 'Connections', 'Share', 'New', 'Bytes']],
    [51, ['Source', 'Connections', 'Share', 'New', 'Oldest']],
    [42, ['Source', 'Connections', 'Share']],
    [34, ['Source', 'Connections']],
    [23, ['Source', 'Connections']],
    [20, ['Source', 'Connectio']],
  ])('in %i columns leaves out what does not fit, but no key and not what it is sorted by', (width, headings) => {
    const [heading = ''] = textsOf(tableLines(RANKING, width));
    expect(heading.replace('…', '').trim().split(/ {2,}/)).toEqual(headings);
  });

  it.each(Array.from({ length: 130 }, (_, at) => at))('never takes more than %i columns', (width) => {
    const lines = [...tableLines(RANKING, width), ...fittingLines(RANKING, { columns: Math.max(1, width), rows: 99 })];
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(Math.max(1, width));
  });

  it('shortens the longest key in its middle where only keys are left', () => {
    const answer: Answer = {
      columns: [
        { id: 'from', name: 'From', type: 'text', isKey: true },
        { id: 'to', name: 'To', type: 'text', isKey: true },
        { id: 'connections', name: 'Connections', type: 'count' },
      ],
      rows: [{ cells: ['2001:db8:1:2:3:4:5:6', '10.0.0.1', 17] }],
      sortedBy: 'connections',
      notes: [],
    };
    expect(textsOf(tableLines(answer, 38))[1]).toBe('2001:db…3:4:5:6  10.0.0.1           17');
  });

  it('shortens the last text rather than leave it out, unless too little of it would be left', () => {
    const answer: Answer = {
      columns: [
        { id: 'address', name: 'Address', type: 'text', isKey: true },
        { id: 'used', name: 'Used', type: 'count' },
        { id: 'sources', name: 'Sources', type: 'text' },
      ],
      rows: [{ cells: ['203.0.113.9', 17, '10.0.0.1 (12), 10.0.0.2 (5)'] }],
      sortedBy: 'used',
      notes: [],
    };
    expect(textsOf(tableLines(answer, 31))[1]).toBe('203.0.113.9    17  10.0.0.1 (1…');
    expect(textsOf(tableLines(answer, 30))[1]).toBe('203.0.113.9    17');
  });

  it('shows what it is sorted by in full before keys of more than eight characters', () => {
    const columns = ['protocol', 'address', 'destination'].map(
      (id) => ({ id, name: id, type: 'text', isKey: true }) as const,
    );
    const answer: Answer = {
      columns: [...columns, { id: 'used', name: 'Used', type: 'percent' }],
      rows: [{ cells: ['udp', '203.0.113.9', '[2001:db8::1]:443', 97.3] }],
      sortedBy: 'used',
      notes: [],
    };
    expect(textsOf(tableLines(answer, 40))[1]).toBe('udp       203.0…13.9  [2001…:443  97.3 %');
  });

  it('shows ports, zones and marks without separators', () => {
    const answer: Answer = {
      columns: [{ id: 'mark', name: 'Mark', type: 'number' }],
      rows: [{ cells: [4_294_967_295] }],
      sortedBy: 'mark',
      notes: [],
    };
    expect(textsOf(tableLines(answer, 40))[1]).toBe('4294967295');
  });

  it('leaves out what no row knows', () => {
    const rows = RANKING.rows.map(({ cells }) => ({ cells: cells.map((cell, at) => (at === 4 ? null : cell)) }));
    const [heading] = textsOf(tableLines({ ...RANKING, rows }, 120));
    expect(heading).not.toContain('Bytes');
    expect(heading).toContain('Oldest');
  });

  it('without rows says so', () => {
    expect(textsOf(tableLines({ ...RANKING, rows: [] }, 40))).toEqual(['Nothing found.']);
  });

  it('on a small screen says how many rows do not fit, above the notes', () => {
    const many = { ...RANKING, rows: Array.from({ length: 50 }, () => ({ cells: ['10.0.0.77', 5] })) };
    expect(textsOf(fittingLines(many, { columns: 40, rows: 6 }))).toEqual([
      'Source     Connections',
      '10.0.0.77            5',
      '10.0.0.77            5',
      '… 48 more rows',
      '',
      '1,234 rows were left out.',
    ]);
    const notes = Array.from({ length: 9 }, (_, at) => `Note ${at}.`);
    expect(textsOf(fittingLines({ ...many, notes }, { columns: 40, rows: 6 })).slice(3)).toEqual([
      '… 48 more rows',
      '',
      'Note 0.',
    ]);
    expect(textsOf(fittingLines({ ...RANKING, notes }, { columns: 90, rows: 10 })).slice(3)).toEqual([
      expect.stringMatching(/^10\.0\.0\.9 /),
      '',
      ...notes.slice(0, 5),
    ]);
    expect(fittingLines(many, { columns: 40, rows: 53 })).toHaveLength(53);
    expect(textsOf(fittingLines(many, { columns: 40, rows: 53 }))).not.toContain('… 1 more rows');
  });
});

describe('a table for a program', () => {
  it('has every column by its id, plain numbers, UTC, and - for what is unknown', () => {
    expect(plainTable(RANKING)).toBe(`\
source        connections   share    new       bytes  oldest                      seen  zone
10.0.0.77           93211  49.731  12.34  1610612736  432000  2026-11-21T20:53:46.000Z  7
2001:db8::15         4711     2.5      0         823      59                         -  -
10.0.0.9                3   0.002      -        1536    7260                         -  -
`);
  });
});

describe('JSON', () => {
  it('has an object per line, without what is unknown', () => {
    const lines = jsonLines(RANKING).split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0] && JSON.parse(lines[0])).toEqual({
      source: '10.0.0.77',
      connections: 93_211,
      share: 49.731,
      new: 12.34,
      bytes: 1_610_612_736,
      oldest: 432_000,
      seen: 1_795_294_426_000,
      zone: '7',
    });
    expect(lines[2]).toBe(
      '{"source":"10.0.0.9","connections":3,"share":0.002,"bytes":1536,"oldest":7260,"severity":"error"}',
    );
  });
});

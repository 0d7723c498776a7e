import { describe, expect, it } from 'vitest';

import type { Cell, ColumnType } from '../../collector/functions/answer.ts';
import { cellText, plainCell } from '../../collector/terminal/cells.ts';

const LOCAL = new Date(2026, 0, 2, 3, 4, 5).getTime();

describe('a cell', () => {
  it.each<[ColumnType, Cell, string, string]>([
    ['text', 'tcp 443', 'tcp 443', 'tcp 443'],
    ['text', '', '-', '-'],
    ['text', null, '-', '-'],
    ['text', 'a\u001b[2Jb', 'a\\u{1b}[2Jb', 'a\\u{1b}[2Jb'],
    ['count', 1_234_567, '1,234,567', '1234567'],
    ['count', 0, '0', '0'],
    ['count', null, '-', '-'],
    ['percent', 49.73126, '49.7 %', '49.731'],
    ['percent', 0.0016, '<0.1 %', '0.002'],
    ['rate', 12.34, '12.3/s', '12.34'],
    ['rate', 20_000, '20,000/s', '20000'],
    ['bytes', 999, '999 B', '999'],
    ['bytes', 1000, '1.0 KiB', '1000'],
    ['bytes', 1_610_612_736, '1.5 GiB', '1610612736'],
    ['bytes', 20 * 2 ** 40, '20 TiB', '21990232555520'],
    ['bytes', 5000 * 2 ** 50, '5000 PiB', '5629499534213120000'],
    ['duration', 119, '119 s', '119'],
    ['duration', 120, '2 min', '120'],
    ['duration', 7199, '119 min', '7199'],
    ['duration', 7200, '2 h', '7200'],
    ['duration', 172_799, '47 h', '172799'],
    ['duration', 432_000, '5 d', '432000'],
    ['time', LOCAL, '2026-01-02 03:04:05', new Date(LOCAL).toISOString()],
    ['time', null, '-', '-'],
  ])('of type %s with the value %j is %j for a person and %j for a program', (type, cell, text, plain) => {
    expect(cellText(cell, type)).toBe(text);
    expect(plainCell(cell, type)).toBe(plain);
  });
});

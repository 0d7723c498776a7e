import { describe, expect, it } from 'vitest';

import { cut, pad, printable, span, widthOf } from '../../collector/terminal/text.ts';

const LINE = [span('abc', 'strong'), span('defg')];

describe('a line', () => {
  it('is cut with a sign, and keeps its styles', () => {
    expect(cut(LINE, 7, '…')).toEqual(LINE);
    expect(cut(LINE, 5, '…')).toEqual([span('abc', 'strong'), span('d'), span('…')]);
    expect(cut(LINE, 3, '…')).toEqual([span('ab', 'strong'), span('…')]);
    expect([cut(LINE, 1, '…'), cut(LINE, 0, '…'), cut(LINE, -3, '…')].map(widthOf)).toEqual([1, 0, 0]);
  });

  it('is filled with blanks', () => {
    expect(pad(LINE, 9, '…')).toEqual([...LINE, span('  ')]);
    expect(pad(LINE, 2, '…')).toEqual([span('a', 'strong'), span('…')]);
  });
});

describe('a text', () => {
  it('from elsewhere can neither steer the terminal nor take two columns', () => {
    expect(printable('a\x1b[2Jb\n中\u{1f525}é~')).toBe('a?[2Jb????~');
  });
});

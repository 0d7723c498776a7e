import { describe, expect, it } from 'vitest';

import { cut, pad, paint, shortened, span, widthOf } from '../../collector/terminal/text.ts';

describe('a line of the screen', () => {
  const LINE = [span('abc', 'strong'), span('defg')];

  it('ends in an ellipsis and keeps its styles if it is too wide', () => {
    expect(cut(LINE, 7)).toEqual(LINE);
    expect(cut(LINE, 5)).toEqual([span('abc', 'strong'), span('d'), span('…')]);
    expect(cut(LINE, 3)).toEqual([span('ab', 'strong'), span('…')]);
    expect([cut(LINE, 1), cut(LINE, 0), cut(LINE, -3)].map(widthOf)).toEqual([1, 0, 0]);
  });

  it('is padded with blanks, or cut, to an exact width', () => {
    expect(pad(LINE, 9)).toEqual([...LINE, span('  ')]);
    expect(pad(LINE, 2)).toEqual([span('a', 'strong'), span('…')]);
  });
});

it('a shortened text keeps both ends', () => {
  const text = '[2001:db8::1]:443';
  expect([17, 8, 7, 2, 1, 0].map((width) => shortened(text, width))).toEqual([
    text,
    '[200…443',
    '[20…443',
    '[…',
    '…',
    '',
  ]);
});

describe('paint', () => {
  const LINES = [[span('full', 'critical')], [], [span('a'), span('b', 'dim')]];
  const plain = { isUnicode: true, hasColour: false };

  it('replaces the screen from its top left corner, and erases what the lines do not cover', () => {
    expect(paint(LINES, 4, plain)).toBe('\x1b[Hfull\r\n\x1b[K\r\nab\x1b[J');
  });

  it('ends each colour with its text', () => {
    expect(paint(LINES, 4, { ...plain, hasColour: true })).toBe(
      '\x1b[H\x1b[1;31mfull\x1b[0m\r\n\x1b[K\r\na\x1b[2mb\x1b[0m\x1b[J',
    );
  });

  it('replaces drawing characters by ASCII without Unicode', () => {
    const text = '▁▂▃▄▅▆▇█ ▏▎▍▌▋▊▉ ░─…';
    expect(paint([[span(text)]], text.length, { ...plain, isUnicode: false })).toBe('\x1b[H_.,-=+*# ...#### .-~');
  });
});

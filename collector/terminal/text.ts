/** Styled lines, and the control sequences that print them. Every character is one column wide. */

import type { Abilities } from './abilities.ts';

/** SGR parameters by style. Source: ECMA-48. */
const STYLES = {
  strong: '1',
  dim: '2',
  accent: '36',
  good: '32',
  warning: '33',
  critical: '1;31',
};

export type Style = keyof typeof STYLES;

export interface Span {
  readonly text: string;
  readonly style?: Style;
}

export type Line = readonly Span[];

export function span(text: string, style?: Style): Span {
  return style === undefined ? { text } : { text, style };
}

/** Columns that a line takes. */
export function widthOf(line: Line): number {
  return line.reduce((sum, { text }) => sum + text.length, 0);
}

/** The line in at most `width` columns; ends in `…` if shortened. */
export function cut(line: Line, width: number): Line {
  if (widthOf(line) <= width) return line;
  const kept: Span[] = [];
  let left = width - 1;
  for (const part of line) {
    if (left <= 0) break;
    kept.push({ ...part, text: part.text.slice(0, left) });
    left -= part.text.length;
  }
  return width > 0 ? [...kept, span('…')] : [];
}

/** The text in at most `width` columns, its middle replaced by `…` if shortened: both ends of an address tell it apart. */
export function shortened(text: string, width: number): string {
  if (text.length <= width) return text;
  const tail = Math.max(0, Math.floor((width - 1) / 2));
  return width > 0 ? `${text.slice(0, width - 1 - tail)}…${text.slice(text.length - tail)}` : '';
}

/** The line in exactly `width` columns, cut or followed by blanks. */
export function pad(line: Line, width: number): Line {
  const missing = width - widthOf(line);
  return missing > 0 ? [...line, span(' '.repeat(missing))] : cut(line, width);
}

/** ASCII substitutes for the drawing characters. */
const ASCII = new Map(
  Array.from('▁▂▃▄▅▆▇█▏▎▍▌▋▊▉░─…', (character, at) => [character, '_.,-=+*#...####.-~'.charAt(at)]),
);

const ERASE_TO_END = '\x1b[K';
const ERASE_BELOW = '\x1b[J';

/**
 * Control sequences that replace the screen by these lines; to prevent flicker, nothing is erased before it is
 * replaced.
 *
 * @param columns width of the terminal.
 */
export function paint(lines: readonly Line[], columns: number, look: Look): string {
  const texts = lines.map((line, row) => {
    const erase = row === lines.length - 1 ? ERASE_BELOW : ERASE_TO_END;
    // After a full line the cursor is still on its last character, which erasing would remove.
    return styled(line, look) + (widthOf(line) < columns ? erase : '');
  });
  return `\x1b[H${texts.join('\r\n')}`;
}

type Look = Pick<Abilities, 'hasColour' | 'isUnicode'>;

/** The text of a line with its colours. */
export function styled(line: Line, { hasColour, isUnicode }: Look): string {
  const texts = line.map(({ style, text }) =>
    hasColour && style !== undefined && text !== '' ? `\x1b[${STYLES[style]}m${text}\x1b[0m` : text,
  );
  const text = texts.join('');
  return isUnicode ? text : text.replace(/[─-░…]/g, (character) => ASCII.get(character) ?? '');
}

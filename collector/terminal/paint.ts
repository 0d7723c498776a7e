/** Lines as a terminal takes them. Source: ECMA-48, and xterm's control sequences for the alternate screen. */

import { type Line, type Style, widthOf } from './text.ts';

const ESCAPE = '\x1b[';

/** Shows the alternate screen, without a cursor and without going on in the next line where one is full. */
export const ENTER = `${ESCAPE}?1049h${ESCAPE}?25l${ESCAPE}?7l`;
/** Puts everything back. */
export const LEAVE = `${ESCAPE}0m${ESCAPE}?7h${ESCAPE}?25h${ESCAPE}?1049l`;

const HOME = `${ESCAPE}H`;
const ERASE_BELOW = `${ESCAPE}J`;
const ERASE_TO_END = `${ESCAPE}K`;
const PLAIN = `${ESCAPE}0m`;

/** Graphic rendition. */
const CODES: Readonly<Record<Style, string>> = {
  strong: '1',
  dim: '2',
  accent: '36',
  good: '32',
  warning: '33',
  critical: '1;31',
};

export interface Paper {
  /** Columns of the terminal. */
  readonly columns: number;
  readonly hasColour: boolean;
}

/** The text that replaces what the screen shows by these lines, without a moment at which it is empty. */
export function paint(lines: readonly Line[], { columns, hasColour }: Paper): string {
  const texts = lines.map((line, row) => {
    const text = line.map((part) => styled(part, hasColour)).join('');
    // In the last column the cursor stands on what was just written.
    if (widthOf(line) >= columns) return text;
    return text + (row === lines.length - 1 ? ERASE_BELOW : ERASE_TO_END);
  });
  return HOME + texts.join('\r\n');
}

function styled({ style, text }: Line[number], hasColour: boolean): string {
  if (!hasColour || style === undefined || text === '') return text;
  return `${ESCAPE}${CODES[style]}m${text}${PLAIN}`;
}

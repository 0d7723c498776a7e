/** Lines of styled text, before they are painted. Every character is one column wide. */

export type Style = 'strong' | 'dim' | 'accent' | 'good' | 'warning' | 'critical';

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

/** A line of at most so many columns; where it is cut a sign says so. */
export function cut(line: Line, width: number, sign: string): Line {
  if (widthOf(line) <= width) return line;
  const kept: Span[] = [];
  let left = Math.max(0, width - sign.length);
  for (const part of line) {
    if (left <= 0) break;
    kept.push({ ...part, text: part.text.slice(0, left) });
    left -= part.text.length;
  }
  return [...kept, span(sign.slice(0, Math.max(0, width)))];
}

/** A line of exactly so many columns: cut, or filled with blanks. */
export function pad(line: Line, width: number, sign: string): Line {
  const missing = width - widthOf(line);
  return missing > 0 ? [...line, span(' '.repeat(missing))] : cut(line, width, sign);
}

/** A text from elsewhere: whatever may not be one column wide, or steer the terminal, is replaced. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, '?');
}

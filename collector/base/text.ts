/** Texts for a terminal. */

/**
 * A text in lines of at most so many columns, broken between words where that can be.
 *
 * @param long what becomes of a word that is longer: it is cut, or stays whole for whoever copies it.
 */
export function wrap(text: string, width: number, long: 'cut' | 'whole' = 'cut'): readonly string[] {
  const lines: string[] = [];
  let left = text;
  while (left.length > width) {
    const blank = left.lastIndexOf(' ', width);
    const end = blank > 0 ? blank : long === 'cut' ? width : left.indexOf(' ', width);
    if (end < 0) break;
    lines.push(left.slice(0, end));
    left = left.slice(end).trimStart();
  }
  return [...lines, left];
}

/** A text from elsewhere, where what could steer a terminal, or deceive who reads it, is written as its code. */
export function escaped(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

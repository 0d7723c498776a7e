/** Text for a terminal. */

/**
 * Wraps a text into lines of at most `width` columns, between words if possible.
 *
 * @param long whether a longer word is cut, or stays whole so that it can be copied.
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

/** Untrusted text with all but printable ASCII as codes, so that it can neither control a terminal nor mislead. */
export function escaped(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

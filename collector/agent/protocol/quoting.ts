/**
 * Words of the plugins.d protocol: how the agent splits a line, and how a text is quoted to stay one word.
 *
 * Blanks, tabs and `=` separate words. Words can be in single or double quotes, which cannot be escaped.
 * Source: `quoted_strings_splitter` in Netdata's `libnetdata`.
 */

/**
 * Quotes any text as one word.
 *
 * Characters that the protocol cannot carry are replaced: control characters and line ends by a blank, a backslash by a
 * slash (as the last character it would escape the closing quote), and a double quote by a single one if the text has
 * both kinds.
 */
export function quote(text: string): string {
  const clean = text.replace(/\p{Cc}|\p{Zl}|\p{Zp}/gu, ' ').replaceAll('\\', '/');
  if (!clean.includes("'")) return `'${clean}'`;
  return `"${clean.replaceAll('"', "'")}"`;
}

/** Splits a line into words as the agent does; an unclosed quote extends to the end of the line. */
export function split(line: string): string[] {
  const words: string[] = [];
  let at = 0;
  while (at < line.length) {
    const character = line.charAt(at);
    if (isSeparator(character)) {
      at++;
    } else if (character === '"' || character === "'") {
      const close = line.indexOf(character, at + 1);
      const end = close < 0 ? line.length : close;
      words.push(line.slice(at + 1, end));
      at = end + 1;
    } else {
      const start = at;
      while (at < line.length && !isSeparator(line.charAt(at))) at++;
      words.push(line.slice(start, at));
    }
  }
  return words;
}

function isSeparator(character: string): boolean {
  return character === ' ' || character === '\t' || character === '=' || character === '\r';
}

/**
 * Words of the plugins.d protocol: how the agent splits a line, and how a value is written so that it stays one word.
 *
 * Blanks, tabs and `=` separate words; a word may stand between single or double quotes, which cannot be escaped.
 * Source: `quoted_strings_splitter` in Netdata's `libnetdata`.
 */

/**
 * Writes any text as one quoted word.
 *
 * What the protocol cannot carry is replaced by what comes nearest: control characters and line ends by a blank, a
 * backslash by a slash (an agent would take a last one for an escape of the closing quote), and a double quote by a
 * single one when the text holds both kinds.
 */
export function quote(text: string): string {
  const clean = text.replace(/\p{Cc}|\p{Zl}|\p{Zp}/gu, ' ').replaceAll('\\', '/');
  if (!clean.includes("'")) return `'${clean}'`;
  return `"${clean.replaceAll('"', "'")}"`;
}

/** Splits a line into its words the way the agent does; an unclosed quote runs to the end of the line. */
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

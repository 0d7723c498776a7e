/** Writes Markdown: tables, and the generated regions of pages. */

const REGION = /(<!-- generated: ([a-z-]+) -->\n).*?(?=^<!-- end -->$)/gms;

/** A table. A pipe in a cell is escaped, and a line break becomes a blank. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |\n`;
  return [line(columns), `|${'---|'.repeat(columns.length)}\n`, ...rows.map(line)].join('');
}

/** Each text as code, separated by commas; a dash where there is none. */
export function codes(texts: readonly string[]): string {
  return texts.map((text) => `\`${text}\``).join(', ') || '–';
}

/**
 * A page with its regions filled: what is between `<!-- generated: NAME -->` and `<!-- end -->` becomes the text of that
 * name.
 *
 * @param page its name in the error.
 * @throws {Error} if the regions of the page are not exactly those of the texts.
 */
export function fillRegions(page: string, markdown: string, texts: Readonly<Record<string, string>>): string {
  const found = [...markdown.matchAll(REGION)].map(([, , name = '']) => name).sort();
  const wanted = Object.keys(texts).sort();
  if (found.join() !== wanted.join()) {
    throw new Error(`${page}: found the generated regions [${found.join(', ')}], expected [${wanted.join(', ')}]`);
  }
  return markdown.replaceAll(REGION, (_, start: string, name: string) => `${start}\n${texts[name]}\n`);
}

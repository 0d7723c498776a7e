/** Reads what a test compares out of a Markdown text: tables, code, headings. */

/** A fenced block: its indentation, its language, its text. */
const FENCED = /^( *)```(\w*)\n(.*?)^ *```$/gms;

export type Row = Readonly<Record<string, string>>;

/**
 * The rows of the first table after the line that is `after`, by column.
 *
 * @throws {Error} when there is no such line, or no table between it and the next heading.
 */
export function tableAfter(markdown: string, after: string): Row[] {
  const lines = proseOf(markdown);
  const start = lines.indexOf(after);
  if (start < 0) throw new Error(`no line ${JSON.stringify(after)}`);
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => /^#+ /.test(line));
  const section = end < 0 ? rest : rest.slice(0, end);

  const first = section.findIndex((line) => line.startsWith('|'));
  if (first < 0) throw new Error(`no table after ${JSON.stringify(after)}`);
  const length = section.slice(first).findIndex((line) => !line.startsWith('|'));
  const [header, , ...rows] = section.slice(first, length < 0 ? undefined : first + length).map(cellsOf);
  const names = header ?? [];
  return rows.map((cells, row) => {
    if (cells.length !== names.length) throw new Error(`row ${row + 1} after ${JSON.stringify(after)} is ragged`);
    return Object.fromEntries(names.map((name, column) => [name, cells[column] ?? '']));
  });
}

/** A cell of a row; {@link tableAfter} leaves none out. */
export function cell(row: Row, column: string): string {
  const text = row[column];
  if (text === undefined) throw new Error(`no column ${JSON.stringify(column)}`);
  return text;
}

/** The texts between single backticks, outside of fenced blocks. */
export function codeIn(text: string): string[] {
  return [...text.replaceAll(FENCED, '').matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? '');
}

/** The one text between single backticks that a cell must hold. */
export function onlyCode(text: string): string {
  const [code, ...more] = codeIn(text);
  if (code === undefined || more.length > 0) throw new Error(`not one code: ${JSON.stringify(text)}`);
  return code;
}

/** The fenced blocks of one language, without their indentation. */
export function codeBlocks(markdown: string, language: string): string[] {
  return [...markdown.matchAll(FENCED)]
    .filter(([, , found]) => found === language)
    .map(([, indent = '', , code = '']) => code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));
}

/** The targets of all links and pictures. */
export function linksIn(markdown: string): string[] {
  return [
    ...proseOf(markdown)
      .join('\n')
      .matchAll(/\]\(([^)\s]+)\)/g),
  ].map(([, target]) => target ?? '');
}

/** The anchors of all headings. */
export function anchorsIn(markdown: string): string[] {
  return proseOf(markdown).flatMap((line) => {
    const [, heading] = /^#+ (.*)$/.exec(line) ?? [];
    return heading === undefined
      ? []
      : [
          `#${heading
            .toLowerCase()
            .replaceAll(/[^\w\- ]/g, '')
            .replaceAll(' ', '-')}`,
        ];
  });
}

/** The headings of one level below a heading of the level above. */
export function headingsBelow(markdown: string, heading: string): string[] {
  const level = `#${heading.slice(0, heading.indexOf(' '))} `;
  const lines = proseOf(markdown);
  const rest = lines.slice(lines.indexOf(heading) + 1);
  const end = rest.findIndex((line) => /^#+ /.test(line) && line.indexOf(' ') < level.indexOf(' '));
  return (end < 0 ? rest : rest.slice(0, end))
    .filter((line) => line.startsWith(level))
    .map((line) => line.slice(level.length));
}

/** The lines outside of fenced blocks: a comment in a shell command is no heading. */
function proseOf(markdown: string): string[] {
  return markdown.replaceAll(FENCED, '').split('\n');
}

function cellsOf(line: string): string[] {
  return line
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((text) => text.trim().replaceAll('\\|', '|'));
}

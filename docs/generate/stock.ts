/**
 * The stock file `conntrack.conf`: its comments describe the options everywhere else; their defaults and bounds come
 * from the schema.
 *
 * An option is written `#key: value` and a comment `# text`, at the indentation of the mapping that it is in.
 */

import { type Option, written } from './options.ts';

const ALLOWED = 'Allowed: ';

/** A line `#key:` or `#key: value`, with the comment directly above it. */
interface Entry {
  readonly name: string;
  readonly isOption: boolean;
  readonly indent: string;
  readonly comment: readonly string[];
  /** The first line of the comment, and the line of the entry. */
  readonly lines: readonly [number, number];
}

/** The descriptions of the options, by name. */
export function descriptionsIn(stock: string): ReadonlyMap<string, string> {
  const described = entriesIn(stock).filter(({ isOption }) => isOption);
  return new Map(described.map(({ name, comment }) => [name, comment.join(' ')]));
}

/**
 * The stock file with the current defaults and bounds of the options.
 *
 * @throws {Error} when it does not have exactly these options, in this order, each with a comment.
 */
export function updateStock(stock: string, options: readonly Option[]): string {
  const entries = entriesIn(stock).filter(({ isOption }) => isOption);
  const found = entries.filter(({ comment }) => comment.length > 0).map(({ name }) => name);
  const wanted = options.map(({ name }) => name);
  if (found.join() !== wanted.join()) {
    throw new Error(
      `conntrack.conf: found the described options [${found.join(', ')}], expected [${wanted.join(', ')}]`,
    );
  }
  const lines = stock.split('\n');
  // From the end, so that the numbers of earlier lines stay valid.
  for (const [at, { comment, indent, lines: span, name }] of [...entries.entries()].reverse()) {
    const { allowed, default: value } = options[at] ?? { allowed: '', default: '' };
    const text = [...comment, `${ALLOWED}${allowed}.`].map((line) => `${indent}# ${line}`);
    lines.splice(span[0], span[1] - span[0] + 1, ...text, `${indent}#${name.replace(/.*\./, '')}: ${written(value)}`);
  }
  return lines.join('\n');
}

function entriesIn(stock: string): Entry[] {
  const entries: Entry[] = [];
  const path: string[] = [];
  let comment: string[] = [];
  let start = 0;
  for (const [at, line] of stock.split('\n').entries()) {
    const [, indent = '', key, value] = /^( *)#([a-z_]+):(?: (.*))?$/.exec(line) ?? [];
    if (key !== undefined) {
      path.splice(indent.length / 2, Infinity, key);
      const from = comment.length === 0 ? at : start;
      const own = comment.filter((text) => !text.startsWith(ALLOWED));
      entries.push({ name: path.join('.'), isOption: value !== undefined, indent, comment: own, lines: [from, at] });
    }
    const [, text] = /^ *# (.*)$/.exec(line) ?? [];
    if (text === undefined) comment = [];
    else if (comment.push(text) === 1) start = at;
  }
  return entries;
}

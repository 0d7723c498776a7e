/**
 * Parses and validates `conntrack.conf`, a YAML file. An error names the file, and for each problem the line, the key,
 * what is allowed and what was found.
 */

import * as v from 'valibot';
import { isCollection, isScalar, Lexer, LineCounter, Parser, parseDocument } from 'yaml';

import { describe } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import { ConfigError } from './error.ts';
import { type Config, MAPPING, schema } from './schema.ts';

/** Levels of nesting that a file can have, with the document itself as the first. The settings need seven. */
const MOST_LEVELS = 100;

/**
 * Parses and validates the text of a configuration file; an empty one means every default.
 *
 * @param file its name in the error.
 * @throws {ConfigError} naming every problem.
 */
export function parseConfig(file: string, text: string): Config {
  const deep = tooDeep(text);
  if (deep !== undefined) throw new ConfigError(file, [{ line: deep, text: 'nested too deeply' }]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const [syntax] = document.errors;
  if (syntax !== undefined) {
    const { line } = lines.linePos(syntax.pos[0]);
    throw new ConfigError(file, [{ line, text: `not valid YAML: ${syntax.message}` }]);
  }

  let value: unknown;
  try {
    // Without a bound, a few nested aliases would expand to gigabytes.
    value = document.toJS({ maxAliasCount: 10 }) ?? {};
  } catch (error) {
    throw new ConfigError(file, [{ line: undefined, text: `not valid YAML: ${describe(error)}` }]);
  }

  const problems = [...structureProblems(schema, value, []), ...valueProblems(value)];
  if (problems.length === 0) return v.parse(schema, value);
  throw new ConfigError(
    file,
    problems.map(({ path, text }) => {
      const position = offset(document.contents, path);
      const line = position === undefined ? undefined : lines.linePos(position).line;
      return { line, text: `${path.join('.') || 'the file'}: ${text}` };
    }),
  );
}

/**
 * The line where the nesting exceeds the bound, if any. What follows recurses: it would exhaust the stack, and Node.js
 * aborts if a regular expression happens to be compiled then.
 */
function tooDeep(text: string): number | undefined {
  const lines = new LineCounter();
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  for (const token of new Lexer().lex(text)) {
    Array.from(parser.next(token));
    if (parser.stack.length > MOST_LEVELS) return lines.linePos(parser.offset).line;
  }
  return undefined;
}

/** A mistake in a key or its value. */
interface Problem {
  readonly path: readonly string[];
  readonly text: string;
}

/** Finds unknown keys, of which valibot reports only the first, and lists in place of mappings, which it accepts. */
function structureProblems(node: unknown, value: unknown, path: readonly string[]): Problem[] {
  const schemaOf = unwrap(node);
  if (Array.isArray(value) && typeof schemaOf === 'object' && schemaOf !== null && 'item' in schemaOf) {
    const { item } = schemaOf;
    return value.flatMap((one, place) => structureProblems(item, one, [...path, String(place)]));
  }
  const entries = entriesOf(schemaOf);
  const known = Object.keys(entries);
  if (known.length === 0 || typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return [{ path, text: `expected ${MAPPING}, got a list` }];
  return Object.entries(value).flatMap(([key, inner]) => {
    const at = [...path, key];
    if (Object.hasOwn(entries, key)) return structureProblems(entries[key], inner, at);
    const near = nearest(key, known);
    const hint =
      near === undefined ? `expected one of ${known.join(', ')}` : `did you mean "${[...path, near].join('.')}"?`;
    return [{ path: at, text: `unknown key; ${hint}` }];
  });
}

/** Finds values that their key does not allow. */
function valueProblems(value: unknown): Problem[] {
  const { issues = [] } = v.safeParse(schema, value);
  return issues
    .filter((issue) => issue.expected !== 'never')
    .map((issue) => ({
      path: issue.path?.map((item) => String(item.key)) ?? [],
      text: `expected ${issue.message}, got ${show(issue.input)}`,
    }));
}

/** A value as an operator would write it, shortened. */
function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'number' ? String(value) : inJson(value);
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}

function inJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return 'a value that contains itself';
  }
}

function unwrap(node: unknown): unknown {
  return typeof node === 'object' && node !== null && 'wrapped' in node ? node.wrapped : node;
}

function entriesOf(node: unknown): Readonly<Record<string, unknown>> {
  if (typeof node !== 'object' || node === null || !('entries' in node)) return {};
  return typeof node.entries === 'object' && node.entries !== null ? { ...node.entries } : {};
}

/** The position in the text of the key at the end of `path`, in characters. */
function offset(contents: unknown, path: readonly string[]): number | undefined {
  let node = contents;
  let found: number | undefined;
  for (const key of path) {
    if (!isCollection(node)) break;
    const pair: unknown = node.items.find(
      (item) => isPairLike(item) && isScalar(item.key) && String(item.key.value) === key,
    );
    if (!isPairLike(pair)) break;
    if (isScalar(pair.key)) found = pair.key.range?.[0] ?? found;
    node = pair.value;
  }
  return found;
}

function isPairLike(item: unknown): item is { key: unknown; value: unknown } {
  return typeof item === 'object' && item !== null && 'key' in item && 'value' in item;
}

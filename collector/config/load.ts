/**
 * `conntrack.conf`: every key, its default and its bounds in one schema, and the loading of the file.
 *
 * The file is YAML. It is looked for in Netdata's user configuration directory, then in the stock one; without any
 * the defaults hold. Whatever is wrong with it is said in one line that names the file, the line, the key, what was
 * found and what is allowed.
 */

import * as v from 'valibot';
import { isCollection, isScalar, LineCounter, parseDocument } from 'yaml';

import { describe, errorCode, UsageError } from '../base/errors.ts';
import { LONGEST_INTERVAL } from '../base/interval.ts';
import { nearest } from '../base/nearest.ts';

/** The file's name in a configuration directory. */
export const CONFIG_FILE = 'conntrack.conf';

/** What the configuration is read with; Node's `fs` and memfs both fit. */
export interface ConfigFileSystem {
  readFileSync(path: string, encoding: 'utf8'): string;
}

const INTERVAL = `whole seconds from 1 to ${LONGEST_INTERVAL}`;

const interval = v.pipe(
  v.number(INTERVAL),
  v.integer(INTERVAL),
  v.minValue(1, INTERVAL),
  v.maxValue(LONGEST_INTERVAL, INTERVAL),
);

// YAML 1.2 reads only true and false as booleans; an operator writes yes and no.
const yesOrNo = v.union([v.boolean(), v.picklist(['yes', 'no'])], 'yes or no');
const toggle = v.pipe(yesOrNo, v.transform(isYes));

const enabled = v.pipe(
  v.union([v.boolean(), v.picklist(['auto', 'yes', 'no'])], 'auto, yes or no'),
  v.transform((value): 'auto' | boolean => (value === 'auto' ? 'auto' : isYes(value))),
);

const readFrom = v.picklist(['auto', 'procfs', 'netlink'], 'auto, procfs or netlink');

const wholeNumber = (least: number, most: number, what: string): v.GenericSchema<number> => {
  const allowed = `${what} from ${least} to ${most}`;
  return v.pipe(v.number(allowed), v.integer(allowed), v.minValue(least, allowed), v.maxValue(most, allowed));
};

/** The kernel takes no longer path of a socket. */
const SOCKET_PATH = 'an absolute path of at most 107 characters';
const SOCKETS = 'a list of at most 16 absolute paths';
const socketPath = v.pipe(v.string(SOCKET_PATH), v.regex(/^\/[^\p{C}]{1,106}$/u, SOCKET_PATH));

const percent = (least: number): v.GenericSchema<number> => {
  const allowed = `a percentage from ${least} to 100`;
  return v.pipe(v.number(allowed), v.minValue(least, allowed), v.maxValue(100, allowed));
};

const MODE = 'basic or advanced';
const CONTEXTS = 'auto, netfilter or conntrack';
const SOURCE = 'a text of at most 128 printable characters, none of them a backslash';
const MAPPING = 'a mapping of keys to values';

/** Every key of `conntrack.conf` with its default and its bounds; an issue's message is what is allowed. */
export const schema = v.strictObject(
  {
    update_every: v.optional(interval, 1),
    mode: v.optional(v.picklist(['basic', 'advanced'], MODE), 'advanced'),
    source: v.optional(v.pipe(v.string(SOURCE), v.regex(/^[^\\\p{C}\p{Zl}\p{Zp}]{0,128}$/u, SOURCE)), ''),
    contexts: v.optional(v.picklist(['auto', 'netfilter', 'conntrack'], CONTEXTS), 'auto'),
    // A mapping whose lines are all commented out is null in YAML; it means every default too.
    modules: v.nullish(
      v.strictObject(
        {
          stat: v.nullish(
            v.strictObject(
              {
                enabled: v.optional(enabled, 'auto'),
                read_from: v.optional(readFrom, 'auto'),
                per_cpu: v.optional(toggle, false),
              },
              MAPPING,
            ),
            {},
          ),
          events: v.nullish(
            v.strictObject(
              {
                enabled: v.optional(enabled, 'auto'),
                receive_buffer: v.optional(wholeNumber(1, 1024, 'whole mebibytes'), 64),
                most_per_second: v.optional(wholeNumber(1000, 10_000_000, 'whole events'), 100_000),
              },
              MAPPING,
            ),
            {},
          ),
          flows: v.nullish(
            v.strictObject(
              {
                enabled: v.optional(enabled, 'auto'),
                update_every: v.optional(interval, 10),
                cpu_share: v.optional(percent(0.1), 2),
                full_above: v.optional(percent(1), 95),
              },
              MAPPING,
            ),
            {},
          ),
          sockets: v.nullish(
            v.strictObject(
              {
                enabled: v.optional(enabled, 'auto'),
                read_from: v.optional(readFrom, 'auto'),
                update_every: v.optional(interval, 5),
                cpu_share: v.optional(percent(0.1), 2),
              },
              MAPPING,
            ),
            {},
          ),
          conntrackd: v.nullish(
            v.strictObject(
              {
                enabled: v.optional(enabled, 'auto'),
                sockets: v.optional(v.pipe(v.array(socketPath, SOCKETS), v.maxLength(16, SOCKETS)), []),
                update_every: v.optional(interval, 5),
                timeout: v.optional(wholeNumber(1, 10, 'whole seconds'), 2),
              },
              MAPPING,
            ),
            {},
          ),
        },
        MAPPING,
      ),
      {},
    ),
  },
  MAPPING,
);

/** The configuration with every default filled in. */
export type Config = v.InferOutput<typeof schema>;

/** A configuration and the file that it came from, `undefined` when there was none. */
export interface LoadedConfig {
  readonly config: Config;
  readonly file: string | undefined;
}

/** Something that is wrong with a configuration file. */
export interface ConfigProblem {
  /** Counted from 1; `undefined` where it is the whole file. */
  readonly line: number | undefined;
  /** What is wrong and, where that can be told, what is allowed. */
  readonly text: string;
}

/** A configuration file that is missing, cannot be read or is invalid. The message has every problem in one line. */
export class ConfigError extends UsageError {
  readonly file: string;
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, problems: readonly ConfigProblem[], options?: ErrorOptions) {
    // What two checks find is said once.
    const byText = new Map(
      problems.map((problem) => [
        `${problem.line === undefined ? '' : `line ${problem.line}: `}${problem.text}`,
        problem,
      ]),
    );
    super(`${file}: ${[...byText.keys()].join('; ')}`, options);
    this.file = file;
    this.problems = [...byText.values()];
  }
}

/** What holds without a configuration file. */
export function defaultConfig(): Config {
  return v.parse(schema, {});
}

/**
 * Loads the file that was asked for, else the first that exists in `directories`, else the defaults.
 *
 * @throws {ConfigError} when the file asked for is missing, or the one found cannot be read or is invalid.
 */
export function loadConfig(
  fs: ConfigFileSystem,
  asked: string | undefined,
  directories: readonly (string | undefined)[],
): LoadedConfig {
  if (asked !== undefined) return { config: parseConfig(asked, readText(fs, asked)), file: asked };
  for (const directory of directories) {
    if (directory === undefined) continue;
    const file = `${directory}/${CONFIG_FILE}`;
    const text = readIfThere(fs, file);
    if (text !== undefined) return { config: parseConfig(file, text), file };
  }
  return { config: defaultConfig(), file: undefined };
}

/**
 * Parses and checks the text of a configuration file; an empty one means every default.
 *
 * @param file how the error calls it.
 * @throws {ConfigError} naming every problem.
 */
export function parseConfig(file: string, text: string): Config {
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

/** What is wrong with a key or its value. */
interface Problem {
  readonly path: readonly string[];
  readonly text: string;
}

/** Unknown keys, of which the schema's own check names only the first, and lists, which it takes for mappings. */
function structureProblems(node: unknown, value: unknown, path: readonly string[]): Problem[] {
  const entries = entriesOf(unwrap(node));
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

/** Values that are not what their key allows. */
function valueProblems(value: unknown): Problem[] {
  const { issues = [] } = v.safeParse(schema, value);
  return issues
    .filter((issue) => issue.expected !== 'never')
    .map((issue) => ({
      path: issue.path?.map((item) => String(item.key)) ?? [],
      text: `expected ${issue.message}, got ${show(issue.input)}`,
    }));
}

/** A value as the operator would write it, shortened. */
function show(value: unknown): string {
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

/** Where in the text the key at the end of `path` stands, as an offset in characters. */
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

function isYes(value: boolean | 'yes' | 'no'): boolean {
  return value === true || value === 'yes';
}

function readText(fs: ConfigFileSystem, file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(file, [{ line: undefined, text: `cannot be read: ${describe(error)}` }], { cause: error });
  }
}

function readIfThere(fs: ConfigFileSystem, file: string): string | undefined {
  try {
    return readText(fs, file);
  } catch (error) {
    const code = error instanceof Error ? errorCode(error.cause) : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

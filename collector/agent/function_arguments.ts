/**
 * The arguments of a call: words such as `by:source`, or, from dashboards, a JSON object such as
 * `{ "selections": { "by": ["source"] } }`.
 *
 * Source: "Request Flow" in FUNCTION_UI_REFERENCE.md of Netdata.
 */

import { badArgument, checkArguments } from '../functions/arguments.ts';
import { ArgumentError, type Arguments, type Parameter } from '../functions/function.ts';
import { MOST_PAYLOAD } from './protocol/reader.ts';

/** What dashboards send to any function: the time range, and controls of tables with a history. */
const OF_DASHBOARDS: ReadonlySet<string> = new Set([
  'after',
  'anchor',
  'before',
  'data_only',
  'delta',
  'direction',
  'facets',
  'histogram',
  'if_modified_since',
  'last',
  'query',
  'sampling',
  'slice',
  'tail',
]);
/** Characters of a name or a value, and of what an error repeats. */
const MOST_REPEATED = 200;

/** An argument as it was given; without a value, `undefined`. */
type Given = readonly [name: string, value: string | undefined];

/**
 * Parses the words after the function's name, and the payload if there is one.
 *
 * @throws {ArgumentError} naming the argument, what was found and what is allowed.
 */
export function parseArguments(
  parameters: readonly Parameter[],
  words: readonly string[],
  payload: string | undefined,
): Arguments {
  const known = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const given = new Map<string, string | undefined>();
  for (const [name, value] of [...words.map(fromWord), ...(payload === undefined ? [] : fromPayload(payload, known))]) {
    if (given.has(name)) throw new ArgumentError(`${shortened(name)}: given twice`);
    const parameter = known.get(name);
    if (parameter !== undefined) given.set(name, argumentValue(parameter, value));
    else if (!OF_DASHBOARDS.has(name)) given.set(shortened(name), value ?? '');
  }
  const found = Object.fromEntries(given);
  checkArguments(found, parameters);
  return found;
}

/** The name ends at the first colon, as addresses have colons too. */
function fromWord(word: string): Given {
  const colon = word.indexOf(':');
  return colon < 0 ? [word, undefined] : [word.slice(0, colon), word.slice(colon + 1)];
}

/** Selectors are lists below `selections`; dashboards put other arguments and much that is their own beside it. */
function fromPayload(payload: string, known: ReadonlyMap<string, Parameter>): Given[] {
  const body = parseObject(payload);
  const selections = body['selections'] ?? {};
  if (!isObject(selections)) throw badPayload(selections, 'an object as selections');
  const others = Object.entries(body).filter(([name]) => name !== 'selections' && known.has(name));
  return [...others, ...Object.entries(selections)].flatMap(([name, value]) => oneValue(name, value));
}

function parseObject(payload: string): Readonly<Record<string, unknown>> {
  if (payload.length >= MOST_PAYLOAD) throw badPayload(payload, `fewer than ${MOST_PAYLOAD} characters`);
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    throw badPayload(payload.trimEnd(), 'valid JSON');
  }
  if (!isObject(value)) throw badPayload(value, 'an object');
  return value;
}

/** A selection of nothing is none. */
function oneValue(name: string, value: unknown): Given[] {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  const [one] = values;
  if (values.length === 0) return [];
  if (values.length > 1) throw badPayload(values, `one value as ${shortened(name)}`);
  if (typeof one === 'string') return [[name, one]];
  if (typeof one === 'number') return [[name, String(one)]];
  if (typeof one === 'boolean') return [[name, one ? 'yes' : 'no']];
  throw badPayload(one, `a text or a number as ${shortened(name)}`);
}

/** The value as functions take it: `yes` for a flag that is set, `undefined` for one that is not. */
function argumentValue(parameter: Parameter, value: string | undefined): string | undefined {
  if (parameter.isFlag === true) return value === 'no' ? undefined : (value ?? 'yes');
  // Not every function checks for an empty value, since a command line has none.
  if (value === undefined || value === '') throw badArgument(parameter, '');
  return shortened(value);
}

function badPayload(found: unknown, allowed: string): ArgumentError {
  return new ArgumentError(`payload: found ${shortened(jsonOf(found))}, allowed: ${allowed}`);
}

/** The JSON of a value. Deeply nested JSON can be parsed, but not written again. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return 'a value that is nested too deeply';
  }
}

/** Errors repeat what was found; no valid name or value is as long. */
function shortened(text: string): string {
  return text.length <= MOST_REPEATED ? text : `${text.slice(0, MOST_REPEATED - 1)}…`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

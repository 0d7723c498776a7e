/** The options of conntrack.conf: their defaults and bounds, from the schema of the configuration. */

import * as v from 'valibot';

import { schema } from '../../collector/config/schema.ts';

export interface Option {
  /** Its keys from the outermost, separated by dots. */
  readonly name: string;
  readonly default: boolean | number | string | readonly string[];
  /** Its values in words. */
  readonly allowed: string;
}

/** A value that every option refuses, with an error that says what it accepts. */
const REFUSED = -5;

/** Every option in the order of the schema. */
export const options: readonly Option[] = optionsIn(v.parse(schema, {}), []);

/** A value as an operator writes it in YAML. */
export function written(value: Option['default']): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (value === '') return '""';
  return typeof value === 'object' ? `[${value.join(', ')}]` : String(value);
}

/** A value nested in mappings, at the place of an option. */
export function nest(name: string, value: unknown): unknown {
  return name.split('.').reduceRight((inner: unknown, key) => ({ [key]: inner }), value);
}

function optionsIn(defaults: object, path: readonly string[]): Option[] {
  return Object.entries(defaults).flatMap(([key, value]: [string, unknown]) => {
    const at = [...path, key];
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return optionsIn(value, at);
    const name = at.join('.');
    return [{ name, default: asDefault(name, value), allowed: allowedFor(name) }];
  });
}

function asDefault(name: string, value: unknown): Option['default'] {
  if (typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(String);
  throw new Error(`${name}: cannot write the default ${JSON.stringify(value)}`);
}

function allowedFor(name: string): string {
  const { issues } = v.safeParse(schema, nest(name, REFUSED));
  if (issues === undefined) throw new Error(`${name}: accepts ${REFUSED}, so its bounds are unknown`);
  return issues[0].message;
}

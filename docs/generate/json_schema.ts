/** The JSON Schema of conntrack.conf, for editors and for tools that write configurations. */

import { type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';

import { schema } from '../../collector/config/schema.ts';

/** @param descriptions of the options, by name. */
export function jsonSchema(descriptions: ReadonlyMap<string, string>): string {
  const converted = toJsonSchema(schema, {
    target: 'draft-07',
    typeMode: 'input',
    // Patterns of JSON Schema are always Unicode, so the flag need not be converted.
    overrideAction: ({ valibotAction, jsonSchema: own }) =>
      valibotAction.type === 'regex' && 'requirement' in valibotAction && valibotAction.requirement instanceof RegExp
        ? { ...own, pattern: valibotAction.requirement.source }
        : undefined,
  });
  for (const [name, description] of descriptions) propertyAt(converted, name.split('.')).description = description;
  return `${JSON.stringify({ title: 'conntrack.conf', ...converted }, null, 2)}\n`;
}

/** The schema of an option; a mapping that may be empty is one of two alternatives. */
function propertyAt(node: JsonSchema, path: readonly string[]): JsonSchema {
  const [key, ...rest] = path;
  if (key === undefined) return node;
  const objects = [node, ...(node.anyOf ?? [])];
  for (const one of objects) {
    const inner = typeof one === 'object' ? one.properties?.[key] : undefined;
    if (typeof inner === 'object') return propertyAt(inner, rest);
  }
  throw new Error(`no property ${key} in the JSON Schema`);
}

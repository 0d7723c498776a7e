/** Keys of the configuration with dots between their levels: of the schema, of values, of the stock file. */

/** The keys of a schema below which there are no others, with dots between the levels. */
export function keysOf(node: unknown, path: readonly string[] = []): string[] {
  if (typeof node !== 'object' || node === null) return [];
  if ('wrapped' in node) return keysOf(node.wrapped, path);
  if (!('entries' in node) || typeof node.entries !== 'object' || node.entries === null) return [path.join('.')];
  return Object.entries(node.entries).flatMap(([key, inner]) => keysOf(inner, [...path, key]));
}

/** Keys and values of nested mappings, with dots between the levels and values as an operator writes them, also lists. */
export function flatten(value: unknown, path: readonly string[] = []): [string, string][] {
  if (Array.isArray(value)) return [[path.join('.'), `[${value.join(', ')}]`]];
  if (typeof value !== 'object' || value === null) {
    return [[path.join('.'), typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value)]];
  }
  return Object.entries(value).flatMap(([key, inner]) => flatten(inner, [...path, key]));
}

/** `a.b` and a value as YAML. */
export function nest(key: string, value: string): string {
  return key.split('.').reduceRight((inner, part) => `{ ${part}: ${inner} }`, value);
}

/** Options stand right after the `#`, comments after a blank. */
export function uncomment(text: string): string {
  return text.replaceAll(/^( *)#(?=[a-z])/gm, '$1');
}

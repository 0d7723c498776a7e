/** Files of the project that tests compare. */

import { readdirSync, readFileSync } from 'node:fs';
import * as v from 'valibot';

import { parseHealth } from '../../docs/generate/health.ts';

export const ROOT = new URL('../..', import.meta.url);

/** The text of a file, by its path in the project. */
export function read(path: string): string {
  return readFileSync(new URL(path, ROOT), 'utf8');
}

export const project = v.parse(
  v.object({
    version: v.string(),
    license: v.string(),
    bin: v.record(v.string(), v.string()),
    scripts: v.record(v.string(), v.string()),
  }),
  JSON.parse(read('package.json')),
);

export const alerts = parseHealth(read('health/conntrack.conf'));

/** The paths of the documentation for operators. */
export const pages: readonly string[] = [
  'README.md',
  ...readdirSync(new URL('docs', ROOT))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** Builds a helper program of the tests, to be run elsewhere, such as in a network namespace or as another user. */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Builds `test/helpers/NAME.ts`.
 *
 * @returns the path of the built file, beside the plugin and its library.
 */
export function bundled(name: string): string {
  const source = `${ROOT}test/helpers/${name}.ts`;
  const program = `${ROOT}dist/${name}.cjs`;
  const options = ['--bundle', '--platform=node', '--target=node20', '--format=cjs', '--log-level=warning'];
  const { status, stderr } = spawnSync(`${ROOT}node_modules/.bin/esbuild`, [
    source,
    ...options,
    `--outfile=${program}`,
  ]);
  if (status !== 0) throw new Error(`cannot build ${source}: ${stderr}`);
  if (!existsSync(`${ROOT}dist/conntrack-koffi`)) throw new Error('build the program first: npm run build');
  return program;
}

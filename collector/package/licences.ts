/** The licences of everything in a package, as one text. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The text of `copyright`.
 *
 * @param dependencies the bundled npm packages.
 * @param node the folder of the packaged Node.js.
 * @throws if a folder has no licence.
 */
export function licences(dependencies: readonly string[], node: string): string {
  const parts = [
    section('conntrack.plugin', 'LICENSE'),
    ...dependencies.map((name) => section(name, licenceOf(join('node_modules', name)))),
    section('Node.js', licenceOf(node)),
  ];
  return `This package contains the following parts, each under its own licence.\n\n${parts.join('\n')}`;
}

function section(name: string, file: string): string {
  return `${'='.repeat(78)}\n${name}\n${'='.repeat(78)}\n\n${readFileSync(file, 'utf8')}`;
}

function licenceOf(folder: string): string {
  const found = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  if (found === undefined) throw new Error(`no licence in ${folder}`);
  return join(folder, found);
}

/** The licences of everything that is in a package, as one text. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The text of `copyright`.
 *
 * @param dependencies the npm packages that the program is bundled with.
 * @param node the folder of the Node.js that the program is built with.
 * @throws when there is none in a folder.
 */
export function licences(dependencies: readonly string[], node: string): string {
  const parts = [
    section('conntrack.plugin', 'LICENSE'),
    ...dependencies.map((name) => section(name, licenceOf(join('node_modules', name)))),
    section('Node.js', licenceOf(node)),
  ];
  return `This package is made of the following, each under its own licence.\n\n${parts.join('\n')}`;
}

function section(name: string, file: string): string {
  return `${'='.repeat(78)}\n${name}\n${'='.repeat(78)}\n\n${readFileSync(file, 'utf8')}`;
}

function licenceOf(folder: string): string {
  const found = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  if (found === undefined) throw new Error(`${folder}: there is no licence in it`);
  return join(folder, found);
}

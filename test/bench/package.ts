/** What the packages and what is in them take on a disk. */

import fs from 'node:fs';
import path from 'node:path';

const FOLDER = path.resolve('dist/package');

/** The packaged program. */
export const PROGRAM = path.join(FOLDER, 'conntrack.plugin');
/** The script, which Node.js runs. */
export const SCRIPT = path.resolve('dist/conntrack.plugin');

/** In bytes; smaller files are left out. */
const LEAST = 10_000;

/** Bytes of the program, of its library and of each package, by their names. */
export function packageSizes(): readonly (readonly [string, number])[] {
  const names = fs.readdirSync(FOLDER).filter((name) => name !== 'copyright');
  const sizes = names.map((name) => [name, size(path.join(FOLDER, name))] as const);
  return sizes.filter(([, bytes]) => bytes >= LEAST);
}

function size(file: string): number {
  const stat = fs.statSync(file);
  if (!stat.isDirectory()) return stat.size;
  return fs.readdirSync(file).reduce((sum, name) => sum + size(path.join(file, name)), 0);
}

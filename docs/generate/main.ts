/** `npm run docs` writes what is generated in the documentation; `npm run docs -- --check` lists what is out of date. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';

import { documents } from './documents.ts';

const isCheck = process.argv.includes('--check');
const read = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
const outdated = [...documents(read)].filter(([path, text]) => read(path) !== text);

for (const [path, text] of outdated) {
  if (!isCheck) writeFileSync(path, text);
  process.stdout.write(isCheck ? `${path} is out of date: run "npm run docs"\n` : `${path}: updated\n`);
}
if (isCheck && outdated.length > 0) process.exitCode = 1;

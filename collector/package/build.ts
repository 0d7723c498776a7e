/** Run by `npm run package` in the project's folder after the build: creates the packages in `dist/package`. */

import { statSync } from 'node:fs';

import { buildPackages } from './packages.ts';

// The modes of new folders get into the packages.
process.umask(0o022);

for (const path of Object.values(buildPackages('dist/package', 'small'))) {
  process.stdout.write(`${path}  ${(statSync(path).size / 1e6).toFixed(1)} MB\n`);
}

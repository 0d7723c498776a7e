/** Run by `npm run package` in the folder of the project, after the build: packages for people, into `dist/package`. */

import { statSync } from 'node:fs';

import { buildPackages } from './packages.ts';

// Folders become what they are in the packages.
process.umask(0o022);

for (const path of Object.values(buildPackages('dist/package', 'small'))) {
  process.stdout.write(`${path}  ${(statSync(path).size / 1e6).toFixed(1)} MB\n`);
}

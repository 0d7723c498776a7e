/**
 * Run by `npm run package` in the project's folder after the build: creates the packages in `dist/package`, or, with
 * `--arch ARCH` for another architecture, in `dist/package-ARCH`.
 */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { buildPackages } from './packages.ts';
import { emulate, parseArch } from './target.ts';

const { arch = process.arch } = parseArgs({ options: { arch: { type: 'string' } } }).values;
const isForeign = arch !== process.arch;
const built = isForeign ? `dist/package-${arch}` : 'dist/package';

for (const path of Object.values(buildPackages(built, 'small', arch))) {
  process.stdout.write(`${path}  ${(statSync(path).size / 1e6).toFixed(1)} MB\n`);
}
if (isForeign) {
  const answer = emulate(parseArch(arch), join(built, 'conntrack.plugin'), '--version');
  process.stdout.write(
    answer ?? 'program not started: install qemu-user-static and libstdc++6-arm64-cross to verify it\n',
  );
}

/** The packaged program for arm64 on Debian's kernels for it, with pages of 4 and of 16 KiB. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, inject } from 'vitest';

import { buildPackages } from '../../collector/package/packages.ts';
import { testResults } from '../kernels/behaviour.ts';
import { downloadKernel } from '../kernels/debian_kernels.ts';
import { boot } from '../kernels/guest.ts';
import type { Results } from '../kernels/results.ts';
import { buildRoot, foreignUserland } from '../kernels/root.ts';

const missing = inject('missingReach');

const architecture = 'arm64';
const MINUTES = 60_000;

/** Kernels of one release by the size of their pages, and a processor that has these. */
const KERNELS = {
  '4 KiB': { packages: 'linux-image-6\\.[0-9.]+\\+deb13-cloud-arm64', processor: 'cortex-a72' },
  // The usual authentication of pointers would take most of the time.
  '16 KiB': { packages: 'linux-image-6\\.[0-9.]+\\+deb13-arm64-16k', processor: 'max,pauth-impdef=on' },
} as const;

describe.skipIf(missing.arm64 !== undefined)('on a kernel of Debian for arm64', () => {
  const folder = mkdtempSync(join(tmpdir(), 'conntrack-arm64-'));
  let root: string;

  beforeAll(() => {
    const [plugin, userland] = [join(folder, 'plugin'), join(folder, 'userland')];
    buildPackages(plugin, 'fast', architecture);
    root = buildRoot(folder, plugin, foreignUserland(userland, architecture, plugin));
  }, 10 * MINUTES);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  describe.each(['4 KiB', '16 KiB'] as const)('with pages of %s', (page) => {
    const { packages, processor } = KERNELS[page];
    let results: Results | undefined;

    beforeAll(async () => {
      const own = join(folder, page);
      mkdirSync(own);
      const kernel = downloadKernel({ suite: 'trixie', architecture, packages }, own);
      results = await boot(own, { architecture, processor }, kernel, root);
    }, 20 * MINUTES);

    testResults(() => results, [/^6\.\d+/, 'aarch64', page]);
  });
});

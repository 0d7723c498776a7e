/** The packaged plugin on Debian's oldest and newest kernels, where what it reads comes and goes with modules. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, inject } from 'vitest';

import { buildPackages } from '../../collector/package/packages.ts';
import { testResults } from './behaviour.ts';
import { downloadKernel, type KernelSource } from './debian_kernels.ts';
import { boot } from './guest.ts';
import { AMD64 } from './machine.ts';
import type { Results } from './results.ts';
import { buildRoot, ownUserland } from './root.ts';

const missing = inject('missing');

const architecture = 'amd64';
const KERNELS = {
  oldest: { suite: 'bullseye', architecture, packages: 'linux-image-5\\.10\\.0-[0-9]+-cloud-amd64' },
  newest: {
    suite: 'trixie-backports',
    architecture,
    packages: 'linux-(image|binary|modules|base)-[0-9.]+.*-cloud-amd64',
  },
} as const satisfies Readonly<Record<string, KernelSource>>;
const RELEASES = { oldest: /^5\.10\./, newest: /^[6-9]\.\d+/ } as const;
const MINUTES = 60_000;

describe.skipIf(missing.kernels !== undefined)('on a kernel of Debian', () => {
  const folder = mkdtempSync(join(tmpdir(), 'conntrack-kernels-'));
  const guests: Record<string, Results> = {};

  beforeAll(async () => {
    const plugin = join(folder, 'plugin');
    buildPackages(plugin, 'fast');
    const root = buildRoot(folder, plugin, ownUserland(plugin));
    await Promise.all(
      Object.entries(KERNELS).map(async ([name, source]) => {
        const own = join(folder, name);
        mkdirSync(own);
        guests[name] = await boot(own, AMD64, downloadKernel(source, own), root);
      }),
    );
  }, 20 * MINUTES);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  describe.each(['oldest', 'newest'] as const)('the %s', (name) => {
    testResults(() => guests[name], [RELEASES[name], 'x86_64', '4 KiB']);
  });
});

/** The packages themselves: what is in them, and that a stranger can verify them. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { FLAGS } from '../../collector/package/executable.ts';
import { tools } from '../../collector/package/packages.ts';
import { dependencies } from '../../package.json';
import { type BuiltPackages, built, NAME } from '../helpers/built_packages.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The commit of the work tree; `undefined` outside of git. */
const COMMIT = spawnSync('sh', ['collector/package/commit.sh'], { encoding: 'utf8' }).stdout.trim() || undefined;

describe.skipIf(inject('missing').package !== undefined)('the packages', () => {
  let packages: BuiltPackages;

  beforeAll(() => {
    packages = built();
  });

  afterAll(() => packages.remove());

  it('contain only files of root that no other user can write to and that are not setuid, and every licence', () => {
    const archive = spawnSync('tar', ['-tvzf', packages.archive, '--numeric-owner'], { encoding: 'utf8' }).stdout;
    const debian = spawnSync('dpkg-deb', ['--contents', packages.debian], { encoding: 'utf8' }).stdout;
    for (const [listing, owner] of [
      [archive, '0/0'],
      [debian, 'root/root'],
    ] as const) {
      const lines = listing.trimEnd().split('\n');
      expect(lines.length).toBeGreaterThan(10);
      for (const line of lines) {
        const [mode = '', owned] = line.split(/\s+/);
        expect(owned, line).toBe(owner);
        expect(mode, line).toMatch(/^(l|[-d][rwx-]{3}[r-]-[x-][r-]-[x-]$)/);
      }
      expect(lines.filter((line) => /\/(copyright|conntrack-koffi\/LICENSE\.txt)$/.test(line))).toHaveLength(2);
    }
  });

  it('are listed with their SHA-256, as sha256sum checks them', () => {
    const { debian, alerts, archive, bill, sums } = packages;
    const { status, stdout } = spawnSync('sha256sum', ['--check', basename(sums)], {
      cwd: dirname(sums),
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    expect(stdout).toBe([debian, alerts, archive, bill].map((path) => `${basename(path)}: OK\n`).join(''));
  });

  it('run Node.js with flags under which V8 accepts the compiled code of Node.js', () => {
    const { node } = tools();
    const versionTag = (...flags: readonly string[]): string =>
      spawnSync(node, [...flags, '-p', 'v8.cachedDataVersionTag()'], { encoding: 'utf8' }).stdout;
    const tag = versionTag();
    expect(tag).toMatch(/^\d+\n$/);
    expect(versionTag('--memory-saver-mode')).not.toBe(tag);
    expect(versionTag(...FLAGS)).toBe(tag);
  });

  it('contain the bill of materials that is beside them, with Node.js, koffi and every dependency', () => {
    const text = readFileSync(packages.bill, 'utf8');
    const { components }: { components: readonly { name: string }[] } = JSON.parse(text);
    const names = [...Object.keys(dependencies), `@koromix/koffi-linux-${process.arch}`, 'node'];
    expect(components.map(({ name }) => name).sort()).toEqual(names.sort());
    const path = `usr/share/doc/${NAME}/sbom.cdx.json`;
    const extract = 'dpkg-deb --fsys-tarfile "$1" | tar -xO "./$2"';
    expect(spawnSync('sh', ['-c', extract, 'sh', packages.debian, path], { encoding: 'utf8' }).stdout).toBe(text);
    const archived = `${basename(packages.archive, '.tar.gz').replaceAll('_', '-')}/doc/sbom.cdx.json`;
    expect(spawnSync('tar', ['-xOzf', packages.archive, archived], { encoding: 'utf8' }).stdout).toBe(text);
  });

  it.skipIf(inject('missing').lintian !== undefined)('have no errors or warnings of lintian', () => {
    // Fast packages are not compressed.
    const fast = 'uses-no-compression-for-control-tarball,uses-no-compression-for-data-tarball';
    const words = ['--fail-on', 'error,warning', '--tag-display-limit', '0', '--suppress-tags', fast];
    const { status, stdout } = spawnSync('lintian', [...words, packages.debian, packages.alerts], { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });

  it.skipIf(COMMIT === undefined)('are the same, byte for byte, if another user builds them in another folder', () => {
    // In this file system, so that the npm packages can be linked.
    const clone = mkdtempSync(join(ROOT, 'dist/clone-'));
    const script = `set -e
      umask 077
      git clone --quiet --no-local . "$1"
      git diff --binary HEAD | (cd "$1" && git apply --allow-empty)
      cp -al node_modules "$1"
      cp -al collector/package/node_modules "$1/collector/package"
      cd "$1"
      npm run --silent build
      npx esbuild collector/package/packages.ts --bundle --platform=node --format=cjs --log-level=warning --outfile=dist/packages.cjs
      node -e 'require("./dist/packages.cjs").buildPackages("dist/elsewhere", "fast")'`;
    try {
      const { status, stderr } = spawnSync('sh', ['-c', script, 'sh', clone], {
        cwd: ROOT,
        encoding: 'utf8',
        env: { ...process.env, TZ: 'Asia/Tokyo', LC_ALL: 'C' },
      });
      expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
      const { alerts, archive, bill, debian, sums } = packages;
      for (const path of [alerts, archive, bill, debian, sums]) {
        const again = readFileSync(join(clone, 'dist/elsewhere', basename(path)));
        expect(readFileSync(path).equals(again), basename(path)).toBe(true);
      }
    } finally {
      rmSync(clone, { recursive: true });
    }
  });
});

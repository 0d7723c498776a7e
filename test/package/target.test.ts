/** Building for another architecture. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';

import type { Arch } from '../../collector/package/node.ts';
import { debianName, emulate, parseArch, stripFor } from '../../collector/package/target.ts';

describe('an architecture', () => {
  const own = parseArch(process.arch);
  const other: Arch = own === 'x64' ? 'arm64' : 'x64';
  const machine = { x64: 'x86_64', arm64: 'aarch64' }[other];
  const folder = mkdtempSync(join(tmpdir(), 'conntrack-target-'));

  /** Has a shell script take the place of QEMU. */
  function standIn(script: string): void {
    writeFileSync(join(folder, `qemu-${machine}-static`), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    vi.stubEnv('PATH', folder);
  }

  afterEach(() => vi.unstubAllEnvs());
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('has the name that Debian gives it', () => {
    expect([debianName('x64'), debianName('arm64')]).toEqual(['amd64', 'arm64']);
  });

  it('must be one that packages can be built for', () => {
    expect(() => parseArch('amd64')).toThrow('cannot build packages for "amd64": expected x64 or arm64');
  });

  it('has its own strip, which for this machine is the usual one', () => {
    expect([stripFor(own), stripFor(other)]).toEqual(['strip', `${machine}-linux-gnu-strip`]);
  });

  it('runs its programs in QEMU, with the libraries for cross-compiling', () => {
    standIn('echo "$@"');
    expect(emulate(other, 'dist/program', '--version')).toBe(`-L /usr/${machine}-linux-gnu dist/program --version\n`);
  });

  it('is not verified without QEMU', () => {
    vi.stubEnv('PATH', '/nonexistent');
    expect(emulate(other, 'dist/program')).toBeUndefined();
  });

  it('fails if its program fails, and the error says where libraries are looked for', () => {
    standIn('echo "no libstdc++" >&2; exit 4');
    expect(() => emulate(other, 'dist/program')).toThrow(
      `dist/program failed in QEMU, which looks for libraries in /usr/${machine}-linux-gnu: no libstdc++`,
    );
  });
});

/** The architecture that packages are built for, and what goes into them from npm packages of that architecture. */

import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import type { Arch } from './node.ts';

/** Names of an architecture: in Debian's packages, and in GNU's and QEMU's programs. */
const NAMES: Readonly<Record<Arch, { readonly debian: string; readonly machine: string }>> = {
  x64: { debian: 'amd64', machine: 'x86_64' },
  arm64: { debian: 'arm64', machine: 'aarch64' },
};

/** Where npm packages are installed. */
export interface Modules {
  /** Those that the program is bundled from. */
  readonly program: string;
  /** Those that packages are built with: see the package.json next to this file. */
  readonly tools: string;
}

export const HERE: Modules = { program: 'node_modules', tools: 'collector/package/node_modules' };

/** @throws if packages cannot be built for it. */
export function parseArch(name: string): Arch {
  if (name === 'x64' || name === 'arm64') return name;
  throw new Error(`cannot build packages for ${JSON.stringify(name)}: expected ${Object.keys(NAMES).join(' or ')}`);
}

export function debianName(arch: Arch): string {
  return NAMES[arch].debian;
}

/** The program that removes symbols from executables of an architecture. */
export function stripFor(arch: Arch): string {
  return arch === process.arch ? 'strip' : `${NAMES[arch].machine}-linux-gnu-strip`;
}

/** Installs the npm packages of another architecture below a folder, from the lock files. */
export function installFor(arch: Arch, folder: string): Modules {
  const install = (from: string, name: string, ...options: string[]): string => {
    const to = join(folder, name);
    mkdirSync(to, { recursive: true });
    for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(from, file), join(to, file));
    const words = ['ci', '--silent', '--ignore-scripts', `--cpu=${arch}`, '--os=linux', ...options];
    execFileSync('npm', words, { cwd: to, stdio: ['ignore', 'ignore', 'inherit'] });
    return join(to, 'node_modules');
  };
  return { program: install('.', 'program', '--omit=dev'), tools: install('collector/package', 'tools') };
}

/**
 * What a program of another architecture prints, run by QEMU with Debian's libraries for cross-compiling.
 *
 * @returns `undefined` if QEMU is not installed.
 * @throws if the program fails.
 */
export function emulate(arch: Arch, program: string, ...words: string[]): string | undefined {
  const { machine } = NAMES[arch];
  const libraries = `/usr/${machine}-linux-gnu`;
  const run = spawnSync(`qemu-${machine}-static`, ['-L', libraries, program, ...words], { encoding: 'utf8' });
  if (run.error !== undefined) return undefined;
  if (run.status === 0) return run.stdout;
  throw new Error(`${program} failed in QEMU, which looks for libraries in ${libraries}: ${run.stderr.trim()}`);
}

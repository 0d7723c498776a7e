/** The archive with an installer, for distributions other than Debian and what descends from it. */

import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { filesOf, scripts } from './layout.ts';

export const SOURCES = 'collector/package';

export interface Package {
  readonly name: string;
  readonly version: string;
  /** Debian's name of it. */
  readonly architecture: string;
  /** The folder of what is built for the packages, and of the packages. */
  readonly built: string;
  /** Small, as people download them; or fast, for a test. What is in them is the same. */
  readonly compression: 'small' | 'fast';
  /** What every file in them is dated, in seconds since the epoch: two builds of the same files give the same packages. */
  readonly time: number;
}

/** The program that tar compresses with. */
const COMPRESSIONS = { small: 'gzip -n9', fast: 'gzip -n1' } as const;

/** Builds the archive and returns its path. */
export function buildArchive({ architecture, built, compression, name, time, version }: Package): string {
  const top = `${name}-${version}-${architecture}`;
  const root = join(built, top);
  for (const { archive, from, mode } of filesOf(built)) copy(from, join(root, archive), mode);
  chmodSync(join(root, 'conntrack.plugin'), 0o755);
  for (const script of scripts) copy(join(SOURCES, script), join(root, script), 0o755);
  const path = join(built, `${name}_${version}_${architecture}.tar.gz`);
  const same = ['--owner=root:0', '--group=root:0', '--numeric-owner', '--sort=name', `--mtime=@${time}`];
  const program = ['--use-compress-program', COMPRESSIONS[compression]];
  execFileSync('tar', [...same, ...program, '-C', built, '-cf', path, top], { stdio: 'inherit' });
  rmSync(root, { recursive: true });
  return path;
}

/** Copies a file or a folder; what others than its owner may write to in a work tree may not be so here. */
export function copy(from: string, to: string, mode: number | undefined): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true });
  if (mode !== undefined) chmodSync(to, mode);
  else execFileSync('chmod', ['-R', 'u=rwX,go=rX', to]);
}

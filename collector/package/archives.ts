/** The archive with an installer, for distributions without Debian packages. */

import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { filesOf, scripts } from './layout.ts';

export const SOURCES = 'collector/package';

export interface Package {
  readonly name: string;
  readonly version: string;
  /** As Debian names it. */
  readonly architecture: string;
  /** The folder for build results and packages. */
  readonly built: string;
  /** Small for downloads, fast for tests. The contents are the same. */
  readonly compression: 'small' | 'fast';
  /** Time of every packaged file in seconds since the epoch, so that builds are reproducible. */
  readonly time: number;
}

/** The compressor for tar. */
const COMPRESSIONS = { small: 'gzip -n9', fast: 'gzip -n1' } as const;

/** Builds the archive and returns its path. */
export function buildArchive({ architecture, built, compression, name, time, version }: Package): string {
  const top = `${name}-${version}-${architecture}`;
  const root = join(built, top);
  for (const { archive, from, mode } of filesOf(built)) copy(from, join(root, archive), mode);
  for (const script of scripts) copy(join(SOURCES, script), join(root, script), 0o755);
  const path = join(built, `${name}_${version}_${architecture}.tar.gz`);
  const same = ['--owner=root:0', '--group=root:0', '--numeric-owner', '--sort=name', `--mtime=@${time}`];
  const program = ['--use-compress-program', COMPRESSIONS[compression]];
  execFileSync('tar', [...same, ...program, '-C', built, '-cf', path, top], { stdio: 'inherit' });
  rmSync(root, { recursive: true });
  return path;
}

/**
 * Copies a file or a folder. Without a mode, everyone can read the copy, only the owner can write to it, and no file in it is
 * executable, whatever the modes of the original.
 */
export function copy(from: string, to: string, mode: number | undefined): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true });
  if (mode !== undefined) chmodSync(to, mode);
  else execFileSync('chmod', ['-R', 'a-x,u=rwX,go=rX', to]);
}

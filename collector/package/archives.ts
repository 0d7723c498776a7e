/** The two forms of a package: for Debian and what descends from it, and an archive with an installer for the others. */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { filesOf, link, scripts } from './layout.ts';

const SOURCES = 'collector/package';

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

/** What each program is told. Every dpkg reads xz. */
const COMPRESSIONS = {
  small: { dpkg: ['-Zxz'], gzip: 'gzip -n9' },
  fast: { dpkg: ['-Znone'], gzip: 'gzip -n1' },
} as const;

/** Builds the archive and returns its path. */
export function buildArchive({ architecture, built, compression, name, time, version }: Package): string {
  const top = `${name}-${version}-${architecture}`;
  const root = join(built, top);
  for (const { archive, from, mode } of filesOf(built)) copy(from, join(root, archive), mode);
  chmodSync(join(root, 'conntrack.plugin'), 0o755);
  for (const script of scripts) copy(join(SOURCES, script), join(root, script), 0o755);
  const path = join(built, `${name}_${version}_${architecture}.tar.gz`);
  const same = ['--owner=root:0', '--group=root:0', '--numeric-owner', '--sort=name', `--mtime=@${time}`];
  const program = ['--use-compress-program', COMPRESSIONS[compression].gzip];
  execFileSync('tar', [...same, ...program, '-C', built, '-cf', path, top], { stdio: 'inherit' });
  rmSync(root, { recursive: true });
  return path;
}

/** Builds the Debian package and returns its path. */
export function buildDebian(options: Package): string {
  const { architecture, built, compression, name, time, version } = options;
  const root = join(built, 'debian');
  for (const { debian, from, mode } of filesOf(built)) {
    copy(from, join(root, debian), mode);
    if (debian.endsWith('.gz')) writeFileSync(join(root, debian), gzipSync(readFileSync(from), { level: 9 }));
  }
  mkdirSync(join(root, dirname(link.path)), { recursive: true });
  symlinkSync(link.target, join(root, link.path));

  const packaged = filesBelow(root);
  const kibibytes = packaged.reduce((sum, path) => sum + Math.ceil(lstatSync(join(root, path)).size / 1024), 0);
  const sums = packaged
    .filter((path) => lstatSync(join(root, path)).isFile())
    .map((path) => `${md5(join(root, path))}  ${path}\n`);
  const control = join(root, 'DEBIAN');
  mkdirSync(control);
  writeFileSync(join(control, 'control'), controlFile(options, kibibytes));
  writeFileSync(join(control, 'md5sums'), sums.join(''));
  copy(join(SOURCES, 'debian/triggers'), join(control, 'triggers'), 0o644);
  for (const script of ['postinst', 'prerm', 'postrm'])
    copy(join(SOURCES, 'debian', script), join(control, script), 0o755);
  // The script of the package is gone when this one runs.
  writeFileSync(join(control, 'postrm'), readFileSync(join(SOURCES, 'conntrack-setup')), { flag: 'a' });

  const path = join(built, `${name}_${version}_${architecture}.deb`);
  execFileSync('dpkg-deb', ['--root-owner-group', ...COMPRESSIONS[compression].dpkg, '--build', root, path], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, SOURCE_DATE_EPOCH: String(time) },
  });
  rmSync(root, { recursive: true });
  return path;
}

/**
 * The libraries are those that Node.js 24 is built for: glibc 2.28, and libstdc++ of GCC 8. An agent is not among them: it
 * may be installed without a package.
 */
function controlFile({ architecture, name, version }: Package, kibibytes: number): string {
  return `Package: ${name}
Version: ${version}
Architecture: ${architecture}
Maintainer: The authors of conntrack.plugin <conntrack.plugin@localhost>
Installed-Size: ${kibibytes}
Depends: libc6 (>= 2.28), libgcc-s1 | libgcc1, libstdc++6 (>= 8), libcap2-bin
Enhances: netdata, netdata-core
Section: net
Priority: optional
Description: connection tracking charts and alerts for Netdata
 It shows how full the connection table is, what it is made of, how many
 connections are made and destroyed, and what the table refuses, evicts and
 loses; the sockets of the host by state; and conntrackd. It warns before the
 table is full. See "conntrack.plugin check" for what works on a host.
`;
}

/** Copies a file or a folder; what others than its owner may write to in a work tree may not be so here. */
function copy(from: string, to: string, mode: number | undefined): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true });
  if (mode !== undefined) chmodSync(to, mode);
  else execFileSync('chmod', ['-R', 'u=rwX,go=rX', to]);
}

function filesBelow(root: string): string[] {
  const entries = readdirSync(root, { recursive: true, encoding: 'utf8' });
  return entries.filter((path) => !lstatSync(join(root, path)).isDirectory()).sort();
}

function md5(path: string): string {
  return createHash('md5').update(readFileSync(path)).digest('hex');
}

/** Debian's kernels, downloaded with a private state of apt, so that nothing on this machine changes. */

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { run } from '../helpers/conntrack.ts';

/** A release of Debian and its kernel packages: the newest version of all that match. */
export interface KernelSource {
  readonly suite: string;
  /** A regular expression for the names of packages. */
  readonly packages: string;
}

export interface Kernel {
  /** The compressed kernel. */
  readonly image: string;
  /** The directory of its modules; its name is the release of the kernel. */
  readonly modules: string;
}

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Downloads and unpacks a kernel.
 *
 * @param folder an empty directory.
 * @throws when Debian's archive cannot be reached or has no such kernel.
 */
export function downloadKernel({ suite, packages }: KernelSource, folder: string): Kernel {
  for (const sub of ['state/lists/partial', 'cache/archives/partial', 'debs', 'root']) {
    mkdirSync(join(folder, sub), { recursive: true });
  }
  writeFileSync(join(folder, 'status'), '');
  writeFileSync(join(folder, 'sources.list'), `deb [signed-by=${KEYRING}] ${mirror()} ${suite} main\n`);
  const options = Object.entries({
    'Dir::Etc::SourceList': join(folder, 'sources.list'),
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::State': join(folder, 'state'),
    'Dir::State::status': join(folder, 'status'),
    'Dir::Cache': join(folder, 'cache'),
    'Acquire::Languages': 'none',
    'Acquire::Check-Valid-Until': 'false',
  }).map(([name, value]) => `-o${name}=${value}`);
  run(['apt-get', ...options, '-qq', 'update']);
  const names = run(['apt-cache', ...options, 'search', '--names-only', `^(${packages})$`])
    .split('\n')
    .map((line) => line.split(' ', 1)[0] ?? '')
    .filter((name) => name !== '');
  const newest = names.map(releaseIn).sort(byVersion).at(-1);
  const wanted = names.filter((name) => releaseIn(name) === newest);
  if (wanted.length === 0) throw new Error(`${suite} has no package ${packages}`);
  run([
    'sh',
    '-c',
    'cd "$1" && shift && exec "$@"',
    'sh',
    join(folder, 'debs'),
    'apt-get',
    ...options,
    '-qq',
    'download',
    ...wanted,
  ]);
  const root = join(folder, 'root');
  for (const file of readdirSync(join(folder, 'debs'))) run(['dpkg-deb', '-x', join(folder, 'debs', file), root]);
  const found = readdirSync(root, { recursive: true, encoding: 'utf8' });
  const image = found.find((path) => /(^|\/)vmlinuz[^/]*$/.test(path));
  const modules = found.find((path) => /^(usr\/)?lib\/modules\/[^/]+$/.test(path));
  if (image === undefined || modules === undefined) throw new Error(`${wanted.join(', ')} hold no kernel`);
  return { image: join(root, image), modules: join(root, modules) };
}

/** The release in the name of a package: `5.10.0-35-cloud-amd64` in `linux-image-5.10.0-35-cloud-amd64`. */
function releaseIn(name: string): string {
  return name.replace(/^linux-[a-z]+-/, '');
}

function byVersion(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true });
}

/** The archive that this machine installs Debian's packages from. */
function mirror(): string {
  const uris = run(['apt-get', 'indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages']).split('\n');
  return uris.find((uri) => /\/debian\/?$/.test(uri)) ?? 'http://deb.debian.org/debian/';
}

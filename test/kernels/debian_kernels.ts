/** Debian's kernels. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { type Architecture, DebianArchive } from './debian_archive.ts';

/** A release of Debian and its kernel packages: the newest version of all that match. */
export interface KernelSource {
  readonly suite: string;
  readonly architecture: Architecture;
  /** A regular expression for the names of packages. */
  readonly packages: string;
}

export interface Kernel {
  /** The compressed kernel. */
  readonly image: string;
  /** The directory of its modules; its name is the release of the kernel. */
  readonly modules: string;
}

/**
 * Downloads and unpacks a kernel.
 *
 * @param folder an empty directory.
 * @throws when Debian's archive cannot be reached or has no such kernel.
 */
export function downloadKernel({ architecture, packages, suite }: KernelSource, folder: string): Kernel {
  const archive = new DebianArchive(folder, suite, architecture);
  const names = archive.search(packages);
  const newest = names.map(releaseIn).sort(byVersion).at(-1);
  const wanted = names.filter((name) => releaseIn(name) === newest);
  if (wanted.length === 0) throw new Error(`${suite} has no package ${packages}`);
  const root = archive.unpack(wanted);
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

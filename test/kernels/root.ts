/** The root file system of a guest: a few programs, the packaged plugin, and guest.sh as the first process. */

import { copyFileSync, cpSync, mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { run } from '../helpers/conntrack.ts';

/** The programs that guest.sh runs, besides those of busybox, which needs no libraries. */
const PROGRAMS = ['dash', 'nft', 'conntrack', 'ip', 'node'] as const;
const SCRIPT = fileURLToPath(new URL('guest.sh', import.meta.url));
const TRAFFIC = fileURLToPath(new URL('../helpers/traffic.js', import.meta.url));

/** Programs and libraries of one architecture. */
export interface Userland {
  /** The root of the file system that the paths are in. */
  readonly base: string;
  readonly programs: readonly string[];
  readonly busybox: string;
  /** What the programs and the plugin need. */
  readonly libraries: readonly string[];
}

/** The programs of this machine. */
export function ownUserland(plugin: string): Userland {
  const programs = PROGRAMS.map((name) => run(['sh', '-c', `command -v ${name}`]).trim());
  const libraries = run(['ldd', ...programs, join(plugin, 'conntrack.plugin')]).match(/\/\S+\.so[^\s:]*/g) ?? [];
  return { base: '/', programs, busybox: '/bin/busybox', libraries: [...new Set(libraries)] };
}

/** The archive of a root file system with these programs and the packaged plugin. */
export function buildRoot(folder: string, plugin: string, userland: Userland): string {
  const { base, busybox, libraries, programs } = userland;
  const root = join(folder, 'root');
  for (const sub of ['bin', 'sbin', 'usr/bin', 'usr/sbin', 'usr/lib', 'proc', 'sys', 'dev', 'tmp', 'plugin']) {
    mkdirSync(join(root, sub), { recursive: true });
  }
  copyFileSync(join(base, busybox), join(root, 'bin/busybox'));
  for (const path of programs) copyFileSync(join(base, path), join(root, 'usr/bin', basename(path)));
  for (const path of libraries) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    copyFileSync(join(base, path), join(root, path));
  }
  for (const name of ['conntrack.plugin', 'conntrack-koffi']) {
    cpSync(join(plugin, name), join(root, 'plugin', name), { recursive: true });
  }
  // Not every version of Node.js takes a file with another ending for a module.
  copyFileSync(TRAFFIC, join(root, 'traffic.mjs'));
  copyFileSync(SCRIPT, join(root, 'init'));
  return archive(root, join(folder, 'root.cpio'));
}

/** Writes the files in a folder as an archive that the kernel unpacks. */
export function archive(folder: string, file: string): string {
  run(['sh', '-c', 'cd "$1" && find . | cpio --quiet -o -H newc > "$2"', 'sh', folder, file]);
  return file;
}

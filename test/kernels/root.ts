/** The root file system of a guest: a few programs, the packaged plugin, and guest.sh as the first process. */

import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { run } from '../helpers/conntrack.ts';
import { type Architecture, DebianArchive } from './debian_archive.ts';

/** The programs that guest.sh runs, besides those of busybox, which needs no libraries. */
const PROGRAMS = ['dash', 'nft', 'conntrack', 'ip', 'node'] as const;
/** Debian's packages of these, and of what the plugin needs. */
const PACKAGES = ['busybox-static', 'dash', 'nftables', 'conntrack', 'iproute2', 'nodejs', 'libstdc++6'] as const;
/** A release whose programs are not in `/usr/bin` alone: a guest's root has no symbolic links. */
const SUITE = 'bookworm';
/** Where Debian's Node.js has modules that others have inside. */
const NODE_MODULES = '/usr/share/nodejs';
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
  /** Folders that the programs read. */
  readonly folders: readonly string[];
}

/** The programs of this machine. */
export function ownUserland(plugin: string): Userland {
  const programs = PROGRAMS.map((name) => run(['sh', '-c', `command -v ${name}`]).trim());
  const libraries = run(['ldd', ...programs, join(plugin, 'conntrack.plugin')]).match(/\/\S+\.so[^\s:]*/g) ?? [];
  return { base: '/', programs, busybox: '/bin/busybox', libraries: [...new Set(libraries)], folders: [] };
}

/**
 * Programs of another architecture, from Debian's packages.
 *
 * @param folder a separate directory.
 */
export function foreignUserland(folder: string, architecture: Architecture, plugin: string): Userland {
  const base = new DebianArchive(folder, SUITE, architecture).unpackWithDependencies(PACKAGES);
  const programs = PROGRAMS.map((name) => {
    const path = ['/bin', '/sbin', '/usr/bin', '/usr/sbin']
      .map((parent) => join(parent, name))
      .find((path) => existsSync(join(base, path)));
    if (path === undefined) throw new Error(`the packages ${PACKAGES.join(', ')} hold no program ${name}`);
    return path;
  });
  const files = [...programs.map((path) => join(base, path)), join(plugin, 'conntrack.plugin')];
  return { base, programs, busybox: '/bin/busybox', libraries: librariesOf(files, base), folders: [NODE_MODULES] };
}

/** The paths below a root of the libraries that files need, and of those that these need. */
function librariesOf(files: readonly string[], base: string): string[] {
  const paths = ['lib', 'usr/lib'].flatMap((parent) =>
    readdirSync(join(base, parent), { recursive: true, encoding: 'utf8' }).map((path) => join('/', parent, path)),
  );
  const byName = new Map(paths.map((path) => [basename(path), path]));
  const found = new Set<string>();
  const look = (file: string): void => {
    const headers = run(['readelf', '--dynamic', '--wide', '--program-headers', file]);
    const [, interpreter] = /interpreter: ([^\]]+)\]/.exec(headers) ?? [];
    if (interpreter !== undefined) found.add(interpreter);
    for (const [, name = ''] of headers.matchAll(/Shared library: \[([^\]]+)\]/g)) {
      const path = byName.get(name);
      if (path === undefined) throw new Error(`no library ${name}, which ${file} needs`);
      if (found.has(path)) continue;
      found.add(path);
      look(join(base, path));
    }
  };
  files.forEach(look);
  return [...found];
}

/** The archive of a root file system with these programs and the packaged plugin. */
export function buildRoot(folder: string, plugin: string, userland: Userland): string {
  const { base, busybox, folders, libraries, programs } = userland;
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
  for (const path of folders) cpSync(join(base, path), join(root, path), { recursive: true, verbatimSymlinks: true });
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

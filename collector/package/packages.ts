/** Builds, for the architecture of this machine, the program as a native executable, and the packages that install it. */

import { cpSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { dependencies, version } from '../../package.json';
import { buildArchive, type Package } from './archives.ts';
import { buildAlerts, buildDebian } from './debian.ts';
import { buildExecutable, type Tools } from './executable.ts';
import { architectures, filesOf } from './layout.ts';
import { licences } from './licences.ts';

const PROGRAM = 'dist/conntrack.plugin';
const LIBRARY = 'dist/conntrack-koffi';
/** What it takes to build packages and nothing else: see the package.json beside this file. */
const TOOLS = 'collector/package/node_modules';

export interface Packages {
  readonly debian: string;
  /** The Debian package of the alerts alone. */
  readonly alerts: string;
  readonly archive: string;
}

/**
 * Builds what `npm run build` has left into packages. Run it in the folder of the project.
 *
 * @param built the folder for them, absolute or in the project; what is in it is removed.
 * @returns the paths of the packages.
 * @throws where none can be built.
 */
export function buildPackages(built: string, compression: Package['compression']): Packages {
  const architecture = architectures[process.arch];
  const node = nodeFolder();
  if (architecture === undefined || !existsSync(LIBRARY)) {
    const known = Object.keys(architectures).join(', ');
    throw new Error(`packages are built for ${known}, with the binary of koffi in ${LIBRARY}; this is ${process.arch}`);
  }
  if (!existsSync(node)) throw new Error(`there is no ${node}: npm ci --prefix collector/package`);
  rmSync(built, { recursive: true, force: true });
  mkdirSync(built, { recursive: true });
  buildExecutable(tools(), PROGRAM, join(built, 'conntrack.plugin'));
  // That Node.js is built for glibc, so the binary for musl would never be loaded.
  const isNeeded = (path: string): boolean => !path.includes('/musl_');
  cpSync(LIBRARY, join(built, 'conntrack-koffi'), { recursive: true, filter: isNeeded });
  writeFileSync(join(built, 'copyright'), licences(Object.keys(dependencies), node));
  const options = { name: 'netdata-plugin-conntrack', version, architecture, built, compression, time: timeOf(built) };
  return { debian: buildDebian(options), alerts: buildAlerts(options), archive: buildArchive(options) };
}

/** What builds the executable. */
export function tools(): Tools {
  return { node: join(nodeFolder(), 'bin/node'), postject: join(TOOLS, 'postject/dist/cli.js') };
}

/** The Node.js that is packaged. */
function nodeFolder(): string {
  return join(TOOLS, `node-linux-${process.arch}`);
}

/** That of the newest source in the packages, in seconds since the epoch, unless the builder names another. */
function timeOf(built: string): number {
  const named = process.env['SOURCE_DATE_EPOCH'];
  if (named !== undefined) return Number(named);
  const sources = filesOf(built).filter(({ from }) => !from.startsWith(join(built, '/')));
  return Math.floor(Math.max(...sources.map(({ from }) => statSync(from).mtimeMs)) / 1000);
}

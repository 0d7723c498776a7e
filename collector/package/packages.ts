/** Builds the native executable for this machine's architecture, and the packages that install it. */

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
/** Tools for building packages: see the package.json next to this file. */
const TOOLS = 'collector/package/node_modules';

export interface Packages {
  readonly debian: string;
  /** The Debian package of the alerts alone. */
  readonly alerts: string;
  readonly archive: string;
}

/**
 * Packages the results of `npm run build`. Must run in the project's folder.
 *
 * @param built the folder for the packages, whose contents are removed.
 * @returns the paths of the packages.
 * @throws if they cannot be built on this machine.
 */
export function buildPackages(built: string, compression: Package['compression']): Packages {
  const architecture = architectures[process.arch];
  const node = nodeFolder();
  if (architecture === undefined || !existsSync(LIBRARY)) {
    const known = Object.keys(architectures).join(', ');
    throw new Error(
      `cannot build packages on ${process.arch}: expected ${known}, and the binary of koffi in ${LIBRARY}`,
    );
  }
  if (!existsSync(node)) throw new Error(`no ${node}: run npm ci --prefix collector/package`);
  rmSync(built, { recursive: true, force: true });
  mkdirSync(built, { recursive: true });
  buildExecutable(tools(), PROGRAM, join(built, 'conntrack.plugin'));
  // The packaged Node.js is built for glibc, so it never loads the binary for musl.
  const isNeeded = (path: string): boolean => !path.includes('/musl_');
  cpSync(LIBRARY, join(built, 'conntrack-koffi'), { recursive: true, filter: isNeeded });
  writeFileSync(join(built, 'copyright'), licences(Object.keys(dependencies), node));
  const options = { name: 'netdata-plugin-conntrack', version, architecture, built, compression, time: timeOf(built) };
  return { debian: buildDebian(options), alerts: buildAlerts(options), archive: buildArchive(options) };
}

export function tools(): Tools {
  return { node: join(nodeFolder(), 'bin/node'), postject: join(TOOLS, 'postject/dist/cli.js') };
}

/** The folder of the packaged Node.js. */
function nodeFolder(): string {
  return join(TOOLS, `node-linux-${process.arch}`);
}

/** Time of the newest packaged source in seconds since the epoch, unless SOURCE_DATE_EPOCH is set. */
function timeOf(built: string): number {
  const named = process.env['SOURCE_DATE_EPOCH'];
  if (named !== undefined) return Number(named);
  const sources = filesOf(built).filter(({ from }) => !from.startsWith(join(built, '/')));
  return Math.floor(Math.max(...sources.map(({ from }) => statSync(from).mtimeMs)) / 1000);
}

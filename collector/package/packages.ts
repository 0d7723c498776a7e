/** Builds the native executable, and the packages that install it. */

import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { bashCompletion } from '../../docs/generate/completion.ts';
import { commonOptions, parseHelp } from '../../docs/generate/help.ts';
import { manualPage } from '../../docs/generate/manual.ts';
import { options } from '../../docs/generate/options.ts';
import { descriptionsIn } from '../../docs/generate/stock.ts';
import { dependencies, version } from '../../package.json';
import { COMMANDS } from '../commands/catalog.ts';
import { HELP } from '../commands/help.ts';
import { buildArchive, type Package } from './archives.ts';
import { buildAlerts, buildDebian } from './debian.ts';
import { buildExecutable, type Tools } from './executable.ts';
import { filesOf } from './layout.ts';
import { licenceOf, licences } from './licences.ts';
import { type Arch, NODE_SHA256, nodeFolder, sha256, verifiedNode } from './node.ts';
import { billOf, lockedPackages } from './sbom.ts';
import { debianName, HERE, installFor, type Modules, parseArch, stripFor } from './target.ts';

const PROGRAM = 'dist/conntrack.plugin';

export interface Packages {
  readonly debian: string;
  /** The Debian package of the alerts alone. */
  readonly alerts: string;
  readonly archive: string;
  /** The bill of materials of the program, which the packages contain too. */
  readonly bill: string;
  /** The SHA-256 of the others. */
  readonly sums: string;
}

/**
 * Packages the results of `npm run build`. Must run in the project's folder.
 *
 * The same commit gives the same bytes, with the same versions of the tools.
 *
 * @param built the folder for the packages, whose contents are removed.
 * @param arch as Node.js names it.
 * @returns the paths of the packages.
 * @throws if they cannot be built on this machine.
 */
export function buildPackages(
  built: string,
  compression: Package['compression'],
  arch: string = process.arch,
): Packages {
  const target = parseArch(arch);
  // The modes of new folders get into the packages.
  process.umask(0o022);
  const modules = target === process.arch ? HERE : installFor(target, join('dist', target));
  rmSync(built, { recursive: true, force: true });
  mkdirSync(built, { recursive: true });
  const time = buildTime(built);
  makeParts(built, target, modules, time);
  const architecture = debianName(target);
  const options = { name: 'netdata-plugin-conntrack', version, architecture, built, compression, time };
  const bill = join(built, `${options.name}_${version}_${architecture}.cdx.json`);
  copyFileSync(join(built, 'sbom.cdx.json'), bill);
  const files = { debian: buildDebian(options), alerts: buildAlerts(options), archive: buildArchive(options), bill };
  const sums = join(built, 'SHA256SUMS');
  writeFileSync(
    sums,
    Object.values(files)
      .map((path) => `${sha256(path)}  ${basename(path)}\n`)
      .join(''),
  );
  return { ...files, sums };
}

/** What the executable is built with. */
export function tools(target: Arch = parseArch(process.arch), modules: Modules = HERE): Tools {
  return {
    node: verifiedNode(modules.tools, target),
    compiler: verifiedNode(HERE.tools, parseArch(process.arch)),
    postject: join(HERE.tools, 'postject/dist/cli.js'),
    strip: stripFor(target),
  };
}

/** Writes the manual page and the completion for bash. */
export function writeManual(built: string, time: number): void {
  const help = parseHelp(HELP);
  const descriptions = descriptionsIn(readFileSync('collector/conntrack.conf', 'utf8'));
  const page = manualPage({ help, commands: COMMANDS, options, descriptions, version, time });
  writeFileSync(join(built, 'conntrack.plugin.1.gz'), gzipSync(page, { level: 9 }));
  writeFileSync(join(built, 'conntrack.plugin.bash'), bashCompletion(COMMANDS, commonOptions(help)));
}

/** Makes the files of the packages that are not in the project as they are packaged. */
function makeParts(built: string, target: Arch, modules: Modules, time: number): void {
  const part = (name: string): string => join(built, name);
  const names = Object.keys(dependencies);
  const used = tools(target, modules);
  buildExecutable(used, PROGRAM, part('conntrack.plugin'));
  const library = `@koromix/koffi-linux-${target}`;
  copyLibrary(modules.program, library, part('conntrack-koffi'));
  writeManual(built, time);
  writeFileSync(part('copyright'), licences(names, modules.program));
  copyFileSync(licenceOf(nodeFolder(modules.tools, target)), part('nodejs-licences'));
  const versions = execFileSync(used.compiler, ['-p', 'JSON.stringify(process.versions)'], { encoding: 'utf8' });
  const bill = billOf(lockedPackages(), {
    packages: [...names, library],
    nodeSha256: NODE_SHA256[target],
    nodeVersions: JSON.parse(versions),
    time,
  });
  writeFileSync(part('sbom.cdx.json'), bill);
}

/** Copies koffi's library for one architecture, with its licence. */
function copyLibrary(modules: string, name: string, to: string): void {
  const from = join(modules, name);
  if (!existsSync(from)) throw new Error(`no ${from}: run npm ci`);
  // The packaged Node.js is built for glibc, so it never loads the binary for musl.
  cpSync(from, to, { recursive: true, filter: (path) => !path.includes('/musl_') });
  copyFileSync(licenceOf(join(modules, 'koffi')), join(to, 'LICENSE.txt'));
}

/**
 * Time of every packaged file, in seconds since the epoch: SOURCE_DATE_EPOCH, otherwise that of the commit. A source archive
 * has no commit, but its files have the time of theirs.
 */
function buildTime(built: string): number {
  const named = process.env['SOURCE_DATE_EPOCH'];
  if (named !== undefined) return Number(named);
  const isTracked = spawnSync('git', ['ls-files', '--error-unmatch', 'package.json']).status === 0;
  if (isTracked) return Number(execFileSync('git', ['log', '-1', '--format=%ct'], { encoding: 'utf8' }));
  const sources = filesOf(built).filter(({ from }) => !from.startsWith(join(built, '/')));
  return Math.floor(Math.max(...sources.map(({ from }) => statSync(from).mtimeMs)) / 1000);
}

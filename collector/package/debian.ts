/** The Debian packages: the plugin, and its alerts alone. */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { PLUGINS, PREFIXES, STOCK } from '../check/directories.ts';
import { copy, type Package, SOURCES } from './archives.ts';
import { alertsFiles, type DebianFile, debianFiles, filesOf, link } from './layout.ts';
import { OWN_LICENCE } from './licences.ts';

/** Options of dpkg-deb. Every dpkg reads xz. */
const COMPRESSIONS = { small: '-Zxz', fast: '-Znone' } as const;

/** The project has no mail address. */
const MAINTAINER = 'The authors of conntrack.plugin <conntrack.plugin@localhost>';

/** Contents of one package. */
interface Debian {
  readonly name: string;
  readonly architecture: string;
  readonly files: readonly DebianFile[];
  /** Text of its copyright file, if that is not one of the files. */
  readonly copyright?: string;
  readonly link?: typeof link;
  /** Folders that an agent may be installed in later, below each prefix; `postinst` runs again then. */
  readonly triggers: readonly string[];
  /** The folder of its maintainer scripts and of its exceptions from lintian's rules. */
  readonly scripts: string;
  /** Scripts that conntrack-setup is appended to, because they run while it is not installed. */
  readonly followed: readonly string[];
  /** Further fields of the control file. */
  readonly fields: string;
}

/**
 * Builds the package of the plugin and returns its path.
 *
 * It depends on the libraries that Node.js 24 is built for: glibc 2.28, and libstdc++ of GCC 8. It does not depend on an
 * agent, which may be installed without a package.
 */
export function buildDebian(options: Package): string {
  return build(options, {
    name: options.name,
    architecture: options.architecture,
    files: filesOf(options.built),
    link,
    triggers: PLUGINS,
    scripts: 'debian',
    followed: ['postrm'],
    fields: `Depends: libc6 (>= 2.28), libgcc-s1 | libgcc1, libstdc++6 (>= 8), libcap2-bin
${replacing(alertsName(options))}
Description: connection tracking charts and alerts for Netdata
 Charts of how full the connection table is, of its entries by protocol and
 state, of connections created, destroyed, refused, evicted and lost, of the
 sockets of the host by state, and of conntrackd. Alerts before the table is
 full. Run "conntrack.plugin check" to see what works on a host.
`,
  });
}

/** Builds the package of the alerts, for a parent that does not run the plugin, and returns its path. */
export function buildAlerts(options: Package): string {
  return build(options, {
    name: alertsName(options),
    architecture: 'all',
    files: alertsFiles(alertsName(options)),
    copyright: OWN_LICENCE,
    triggers: STOCK,
    scripts: 'debian-alerts',
    followed: ['postinst', 'prerm', 'postrm'],
    fields: `${replacing(options.name)}
Description: connection tracking alerts for a Netdata parent
 A Netdata parent receives the charts of conntrack.plugin from its children,
 but evaluates alerts on them only if it has the alert definitions. This
 package contains those alone. The package of the plugin includes them.
`,
  });
}

function alertsName({ name }: Package): string {
  return `${name}-alerts`;
}

/** Both packages contain the alerts, so each replaces the other. */
function replacing(other: string): string {
  return `Conflicts: ${other}\nReplaces: ${other}`;
}

function build({ built, compression, time, version }: Package, debian: Debian): string {
  const { architecture, name } = debian;
  const root = join(built, 'debian');
  const files = [...debian.files, ...debianFiles(name, join(SOURCES, debian.scripts))];
  for (const { debian: path, from, mode } of files) copy(from, join(root, path), mode);
  const documentation = join(root, 'usr/share/doc', name);
  writeFileSync(join(documentation, 'changelog.gz'), gzipSync(changelog(name, version, time), { level: 9 }));
  if (debian.copyright !== undefined) writeFileSync(join(documentation, 'copyright'), debian.copyright);
  if (debian.link !== undefined) {
    mkdirSync(join(root, dirname(debian.link.path)), { recursive: true });
    symlinkSync(debian.link.target, join(root, debian.link.path));
  }

  const packaged = filesBelow(root);
  const kibibytes = packaged.reduce((sum, path) => sum + Math.ceil(lstatSync(join(root, path)).size / 1024), 0);
  const sums = packaged
    .filter((path) => lstatSync(join(root, path)).isFile())
    .map((path) => `${md5(join(root, path))}  ${path}\n`);
  const control = join(root, 'DEBIAN');
  mkdirSync(control);
  writeFileSync(join(control, 'control'), controlFile(debian, version, kibibytes));
  writeFileSync(join(control, 'md5sums'), sums.join(''));
  writeFileSync(join(control, 'triggers'), triggersFile(debian.triggers));
  for (const script of ['postinst', 'prerm', 'postrm'])
    copy(join(SOURCES, debian.scripts, script), join(control, script), 0o755);
  for (const script of debian.followed)
    writeFileSync(join(control, script), readFileSync(join(SOURCES, 'conntrack-setup')), { flag: 'a' });

  const path = join(built, `${name}_${version}_${architecture}.deb`);
  execFileSync('dpkg-deb', ['--root-owner-group', COMPRESSIONS[compression], '--build', root, path], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, SOURCE_DATE_EPOCH: String(time) },
  });
  rmSync(root, { recursive: true });
  return path;
}

/** Source: deb-triggers(5). */
export function triggersFile(folders: readonly string[]): string {
  return PREFIXES.flatMap((prefix) => folders.map((folder) => `interest-noawait ${prefix}${folder}\n`)).join('');
}

/** Source: deb-changelog(5). */
export function changelog(name: string, version: string, time: number): string {
  const date = new Date(time * 1000).toUTCString().replace('GMT', '+0000');
  return `${name} (${version}) unstable; urgency=medium

  * What changed is in CHANGELOG.md next to this file.

 -- ${MAINTAINER}  ${date}
`;
}

function controlFile({ architecture, fields, name }: Debian, version: string, kibibytes: number): string {
  return `Package: ${name}
Version: ${version}
Architecture: ${architecture}
Maintainer: ${MAINTAINER}
Installed-Size: ${kibibytes}
Enhances: netdata, netdata-core
Section: net
Priority: optional
${fields}`;
}

function filesBelow(root: string): string[] {
  const entries = readdirSync(root, { recursive: true, encoding: 'utf8' });
  return entries.filter((path) => !lstatSync(join(root, path)).isDirectory()).sort();
}

function md5(path: string): string {
  return createHash('md5').update(readFileSync(path)).digest('hex');
}

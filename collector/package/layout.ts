/** The files in each package, and their paths. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The folders of an agent from Debian's packages. */
const PLUGINS = 'usr/lib/netdata/plugins.d';
const STOCK = 'usr/lib/netdata/conf.d';
const DOCUMENTATIONS = 'usr/share/doc';
const DOCUMENTATION = `${DOCUMENTATIONS}/netdata-plugin-conntrack`;

export interface PackagedFile {
  /** The file or folder to copy, relative to the project's folder. */
  readonly from: string;
  /** Path in the Debian package; compressed if it ends in `.gz`. */
  readonly debian: string;
  /** Path in the archive for other distributions, next to `install.sh`. */
  readonly archive: string;
  /** Mode of a file; folders are readable for all users and writable only for root. */
  readonly mode?: number;
}

/** The pages of the documentation and their pictures, without the generators. */
const pages = (): PackagedFile[] =>
  readdirSync('docs', { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => ({
      from: `docs/${name}`,
      debian: `${DOCUMENTATION}/docs/${name}`,
      archive: `doc/docs/${name}`,
      mode: 0o644,
    }));

export type DebianFile = Pick<PackagedFile, 'from' | 'debian' | 'mode'>;

/** @param built the folder of build results. */
export const filesOf = (built: string): readonly PackagedFile[] => [
  // Only root can run it until postinst has set its owner, group and capability.
  {
    from: join(built, 'conntrack.plugin'),
    debian: `${PLUGINS}/conntrack.plugin`,
    archive: 'conntrack.plugin',
    mode: 0o700,
  },
  { from: join(built, 'conntrack-koffi'), debian: `${PLUGINS}/conntrack-koffi`, archive: 'conntrack-koffi' },
  {
    from: 'collector/package/conntrack-setup',
    debian: `${PLUGINS}/conntrack-setup`,
    archive: 'conntrack-setup',
    mode: 0o755,
  },
  { from: 'collector/conntrack.conf', debian: `${STOCK}/conntrack.conf`, archive: 'conntrack.conf', mode: 0o644 },
  {
    from: 'health/conntrack.conf',
    debian: `${STOCK}/health.d/conntrack.conf`,
    archive: 'health.d/conntrack.conf',
    mode: 0o644,
  },
  { from: 'README.md', debian: `${DOCUMENTATION}/README.md`, archive: 'doc/README.md', mode: 0o644 },
  ...pages(),
  { from: 'CHANGELOG.md', debian: `${DOCUMENTATION}/changelog.gz`, archive: 'doc/CHANGELOG.md', mode: 0o644 },
  { from: 'metadata.yaml', debian: `${DOCUMENTATION}/metadata.yaml`, archive: 'doc/metadata.yaml', mode: 0o644 },
  { from: join(built, 'copyright'), debian: `${DOCUMENTATION}/copyright`, archive: 'doc/copyright', mode: 0o644 },
];

/** @param name of the Debian package of the alerts. */
export const alertsFiles = (name: string): readonly DebianFile[] => [
  { from: 'health/conntrack.conf', debian: `${STOCK}/health.d/conntrack.conf`, mode: 0o644 },
  { from: 'docs/parents.md', debian: `${DOCUMENTATIONS}/${name}/parents.md`, mode: 0o644 },
  { from: 'CHANGELOG.md', debian: `${DOCUMENTATIONS}/${name}/changelog.gz`, mode: 0o644 },
  { from: 'LICENSE', debian: `${DOCUMENTATIONS}/${name}/copyright`, mode: 0o644 },
];

/** Files in the archive only. */
export const scripts: readonly string[] = ['install.sh', 'uninstall.sh'];

/** The link in the PATH; the program itself is where the agent looks for it. */
export const link = { path: 'usr/sbin/conntrack.plugin', target: '../lib/netdata/plugins.d/conntrack.plugin' } as const;

/** Debian's names of architectures, by those of Node.js. */
export const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

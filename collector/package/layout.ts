/** What is in a package, and where it lies there. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The folders of an agent that was installed from a distribution's packages. */
const PLUGINS = 'usr/lib/netdata/plugins.d';
const STOCK = 'usr/lib/netdata/conf.d';
const DOCUMENTATIONS = 'usr/share/doc';
const DOCUMENTATION = `${DOCUMENTATIONS}/netdata-plugin-conntrack`;

export interface PackagedFile {
  /** What is copied: a file, or a folder with all that is in it. Relative to the folder of the project. */
  readonly from: string;
  /** Where it is in the Debian package; compressed if this ends in `.gz`. */
  readonly debian: string;
  /** Where it is in the archive for other distributions, beside `install.sh`. */
  readonly archive: string;
  /** Of a file; in a folder everybody may read, and only root may write. */
  readonly mode?: number;
}

/** The pages of the documentation and what they show, but not what generates them. */
const pages = (): PackagedFile[] =>
  readdirSync('docs', { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => ({
      from: `docs/${name}`,
      debian: `${DOCUMENTATION}/docs/${name}`,
      archive: `doc/docs/${name}`,
      mode: 0o644,
    }));

/** A file as a Debian package has it. */
export type DebianFile = Pick<PackagedFile, 'from' | 'debian' | 'mode'>;

/** @param built the folder of what is built for the packages. */
export const filesOf = (built: string): readonly PackagedFile[] => [
  // Only root can run it until its owner, group and capability are what they shall be.
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

/** @param name of the Debian package that has the alerts alone. */
export const alertsFiles = (name: string): readonly DebianFile[] => [
  { from: 'health/conntrack.conf', debian: `${STOCK}/health.d/conntrack.conf`, mode: 0o644 },
  { from: 'docs/parents.md', debian: `${DOCUMENTATIONS}/${name}/parents.md`, mode: 0o644 },
  { from: 'CHANGELOG.md', debian: `${DOCUMENTATIONS}/${name}/changelog.gz`, mode: 0o644 },
  { from: 'LICENSE', debian: `${DOCUMENTATIONS}/${name}/copyright`, mode: 0o644 },
];

/** What only the archive has. */
export const scripts: readonly string[] = ['install.sh', 'uninstall.sh'];

/** What a person types; the program itself lies where the agent looks for it. */
export const link = { path: 'usr/sbin/conntrack.plugin', target: '../lib/netdata/plugins.d/conntrack.plugin' } as const;

/** By Node.js's name of an architecture, Debian's. */
export const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** The files in each package, and their paths. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The folders of an agent from Debian's packages. */
const PLUGINS = 'usr/lib/netdata/plugins.d';
const STOCK = 'usr/lib/netdata/conf.d';
const DOCUMENTATIONS = 'usr/share/doc';
const DOCUMENTATION = `${DOCUMENTATIONS}/netdata-plugin-conntrack`;
const MANUAL = 'share/man/man1/conntrack.plugin.1.gz';
const COMPLETION = 'share/bash-completion/completions/conntrack.plugin';

export interface PackagedFile {
  /** The file or folder to copy, relative to the project's folder. */
  readonly from: string;
  /** Path in the Debian package. */
  readonly debian: string;
  /** Path in the archive for other distributions, next to `install.sh`. */
  readonly archive: string;
  /** Mode of a file; folders are readable for all users and writable only for root. */
  readonly mode?: number;
}

export type DebianFile = Pick<PackagedFile, 'from' | 'debian' | 'mode'>;

/** @param built the folder of build results. */
export const filesOf = (built: string): readonly PackagedFile[] => [
  {
    from: join(built, 'conntrack.plugin'),
    debian: `${PLUGINS}/conntrack.plugin`,
    archive: 'conntrack.plugin',
    mode: 0o755,
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
  { from: join(built, 'conntrack.plugin.1.gz'), debian: `usr/${MANUAL}`, archive: MANUAL, mode: 0o644 },
  { from: join(built, 'conntrack.plugin.bash'), debian: `usr/${COMPLETION}`, archive: COMPLETION, mode: 0o644 },
  ...['README.md', 'CHANGELOG.md', 'LICENSE', 'metadata.yaml', ...pages()].map((path) => document(path, path)),
  ...['copyright', 'nodejs-licences', 'sbom.cdx.json'].map((name) => document(join(built, name), name)),
];

/** Files in the Debian package only. */
export const debianFiles = (name: string, scripts: string): readonly DebianFile[] => [
  { from: join(scripts, 'lintian-overrides'), debian: `usr/share/lintian/overrides/${name}`, mode: 0o644 },
];

/** @param name of the Debian package of the alerts. */
export const alertsFiles = (name: string): readonly DebianFile[] => [
  { from: 'health/conntrack.conf', debian: `${STOCK}/health.d/conntrack.conf`, mode: 0o644 },
  { from: 'docs/parents.md', debian: `${DOCUMENTATIONS}/${name}/parents.md`, mode: 0o644 },
  { from: 'CHANGELOG.md', debian: `${DOCUMENTATIONS}/${name}/CHANGELOG.md`, mode: 0o644 },
];

/** Files in the archive only. */
export const scripts: readonly string[] = ['install.sh', 'uninstall.sh'];

/** The link in the PATH; the program itself is where the agent looks for it. */
export const link = { path: 'usr/sbin/conntrack.plugin', target: '../lib/netdata/plugins.d/conntrack.plugin' } as const;

/** The pages of the documentation and their pictures, without the generators. */
function pages(): string[] {
  const entries = readdirSync('docs', { withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name }) => `docs/${name}`)
    .sort();
}

function document(from: string, name: string): PackagedFile {
  return { from, debian: `${DOCUMENTATION}/${name}`, archive: `doc/${name}`, mode: 0o644 };
}

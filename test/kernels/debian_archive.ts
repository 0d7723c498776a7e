/** Debian's archive, read with a private state of apt, so that nothing on this machine changes. */

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { run } from '../helpers/conntrack.ts';

/** Names of an architecture in Debian. */
export type Architecture = 'amd64' | 'arm64';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** The packages of one release for one architecture. */
export class DebianArchive {
  readonly #folder: string;
  readonly #options: readonly string[];

  /**
   * @param folder a separate folder for what is downloaded.
   * @param suite such as `bookworm`.
   * @throws when the archive cannot be reached.
   */
  constructor(folder: string, suite: string, architecture: Architecture) {
    this.#folder = folder;
    for (const sub of ['state/lists/partial', 'cache/archives/partial', 'debs', 'root']) {
      mkdirSync(join(folder, sub), { recursive: true });
    }
    writeFileSync(join(folder, 'status'), '');
    writeFileSync(join(folder, 'sources.list'), `deb [signed-by=${KEYRING}] ${mirror()} ${suite} main\n`);
    this.#options = Object.entries({
      'APT::Architecture': architecture,
      'APT::Architectures::': architecture,
      'APT::Install-Recommends': 'false',
      'Dir::Etc::SourceList': join(folder, 'sources.list'),
      'Dir::Etc::SourceParts': '/dev/null',
      'Dir::State': join(folder, 'state'),
      'Dir::State::status': join(folder, 'status'),
      'Dir::Cache': join(folder, 'cache'),
      'Acquire::Languages': 'none',
      'Acquire::Check-Valid-Until': 'false',
    }).map(([name, value]) => `-o${name}=${value}`);
    run(['apt-get', ...this.#options, '-qq', 'update']);
  }

  /** The names of the packages that match a regular expression as a whole. */
  search(pattern: string): string[] {
    return run(['apt-cache', ...this.#options, 'search', '--names-only', `^(${pattern})$`])
      .split('\n')
      .map((line) => line.split(' ', 1)[0] ?? '')
      .filter((name) => name !== '');
  }

  /** Unpacks packages, without what they depend on, and returns the folder. */
  unpack(names: readonly string[]): string {
    const debs = join(this.#folder, 'debs');
    const download = ['apt-get', ...this.#options, '-qq', 'download', ...names];
    run(['sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh', debs, ...download]);
    return this.#unpackFrom(debs);
  }

  /** Unpacks packages with all that they depend on, and returns the folder. */
  unpackWithDependencies(names: readonly string[]): string {
    run(['apt-get', ...this.#options, '-qq', '-y', '--download-only', 'install', ...names]);
    return this.#unpackFrom(join(this.#folder, 'cache/archives'));
  }

  #unpackFrom(folder: string): string {
    const root = join(this.#folder, 'root');
    const packages = readdirSync(folder).filter((file) => file.endsWith('.deb'));
    for (const file of packages) run(['dpkg-deb', '-x', join(folder, file), root]);
    return root;
  }
}

/** The archive that this machine installs Debian's packages from. */
export function mirror(): string {
  const uris = run(['apt-get', 'indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages']).split('\n');
  return uris.find((uri) => /\/debian\/?$/.test(uri)) ?? 'http://deb.debian.org/debian/';
}

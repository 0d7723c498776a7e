/** Where daemons listen: what the configuration says, else conntrackd's own configuration, else a usual place. */

import { exists, type FileSystem, KernelFile } from '../../procfs/file.ts';
import type { Host } from '../../procfs/host.ts';
import { clean, InstanceIds } from './instance_ids.ts';

/** Where conntrackd looks for its configuration. */
const CONFIGURATION = '/etc/conntrackd/conntrackd.conf';
/** The sockets of the examples of its configuration, and of Debian's. */
const USUAL = ['/var/run/conntrackd.ctl', '/var/run/conntrackd.sock'] as const;

/** A daemon's socket, and how its charts call the daemon. */
export interface Place {
  readonly name: string;
  readonly path: string;
}

/**
 * The sockets of the host's daemons, each of which may or may not be there.
 *
 * @param configured absolute paths; empty to look for one.
 */
export function findPlaces(fs: FileSystem, host: Host, configured: readonly string[]): Place[] {
  if (configured.length > 0) return nameAll(configured);
  const own = ownPath(fs, host);
  // Below a prefix the absolute link that `/var/run` is would lead out of the host.
  const paths = (own === undefined ? USUAL : [own]).map((path) =>
    host.path('') === '' ? path : host.path(withoutLink(path)),
  );
  return nameAll([paths.find((path) => exists(fs, path)) ?? paths[0] ?? '']);
}

/** A path that does not go over `/var/run`, which is another name of `/run`. */
export function withoutLink(path: string): string {
  return path.replace(/^\/var\/run\//, '/run/');
}

/**
 * `UNIX { Path … }` of conntrackd's own configuration, the last if there are several. Source: conntrackd.conf(5), and
 * src/read_config_lex.l of conntrack-tools.
 */
export function socketPath(configuration: string): string | undefined {
  // A comment begins between words: a path can have a hash in it.
  const text = configuration.replace(/(^|[\s{}])#.*$/gm, '$1');
  const blocks = [...text.matchAll(/\bUNIX\s*\{([^{}]*)\}/g)].map(([, block = '']) => block);
  const paths = [...blocks.join('\n').matchAll(/\bPath\s+"?(\/[^\s"]*)/g)];
  return paths.at(-1)?.[1];
}

function ownPath(fs: FileSystem, host: Host): string | undefined {
  const file = new KernelFile(fs, () => host.path(CONFIGURATION));
  try {
    return socketPath(file.read().toString('utf8'));
  } catch {
    // A host without that file, or one that this process may not read.
    return undefined;
  } finally {
    file.close();
  }
}

/** Calls each by its file's name, or by its whole path, and a number, where that is not enough. */
function nameAll(all: readonly string[]): Place[] {
  const paths = [...new Set(all)];
  const ids = new InstanceIds();
  const short = paths.map((path) => clean(path.slice(path.lastIndexOf('/') + 1).replace(/\.(ctl|sock|socket)$/, '')));
  return paths.map((path, index) => {
    const name = short[index] ?? '';
    const isUnique = short.indexOf(name) === short.lastIndexOf(name);
    return { name: ids.of('daemon', path, isUnique ? name : path.replace(/^\/+/, '')), path };
  });
}

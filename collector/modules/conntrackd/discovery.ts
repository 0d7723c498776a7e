/** Where daemons listen: the plugin's configuration, else conntrackd's own configuration, else the usual path. */

import { exists, type FileSystem, readText } from '../../procfs/file.ts';
import type { Host } from '../../procfs/host.ts';
import { clean, InstanceIds } from '../instance_ids.ts';

/** Conntrackd's default configuration file. */
const CONFIGURATION = '/etc/conntrackd/conntrackd.conf';
/** The sockets in the example configurations of conntrackd and of Debian. */
const USUAL = ['/var/run/conntrackd.ctl', '/var/run/conntrackd.sock'] as const;
/** The flags in `/proc/net/unix` of a socket that accepts connections. Source: `__SO_ACCEPTCON` in linux/net.h. */
const LISTENING = '00010000';

/** A daemon's socket, and the daemon's name in charts. */
export interface Place {
  readonly name: string;
  readonly path: string;
}

/**
 * The sockets of the host's daemons; they need not exist.
 *
 * @param configured absolute paths; empty to search for one.
 */
export function findPlaces(fs: FileSystem, host: Host, configured: readonly string[]): Place[] {
  if (configured.length > 0) return nameAll(configured);
  const own = ownPath(fs, host);
  // Below a prefix, the absolute symbolic link `/var/run` leads out of the host.
  const paths = (own === undefined ? USUAL : [own]).map((path) =>
    host.path('') === '' ? path : host.path(withoutLink(path)),
  );
  return nameAll([paths.find((path) => exists(fs, path)) ?? paths[0] ?? '']);
}

/** A path with `/run` in place of `/var/run`, which is a symbolic link to it. */
export function withoutLink(path: string): string {
  return path.replace(/^\/var\/run\//, '/run/');
}

/** Whether a process in the host's network namespace listens at a path. */
export function isListening(fs: FileSystem, host: Host, path: string): boolean {
  const own = withoutLink(path.startsWith(host.path('/')) ? path.slice(host.path('').length) : path);
  const rows = readText(fs, host.net('unix'))?.split('\n') ?? [];
  return rows.some((row) => {
    // Num, RefCount, Protocol, Flags, Type, St, Inode, Path; a client has the path of its daemon too.
    const [, , , flags, , , , bound = ''] = row.split(/ +/);
    return flags === LISTENING && withoutLink(bound) === own;
  });
}

/**
 * `UNIX { Path … }` of conntrackd's own configuration, the last if there are several. Source: conntrackd.conf(5), and
 * src/read_config_lex.l of conntrack-tools.
 */
export function socketPath(configuration: string): string | undefined {
  // A comment starts between words: a path can contain a hash.
  const text = configuration.replace(/(^|[\s{}])#.*$/gm, '$1');
  const blocks = [...text.matchAll(/\bUNIX\s*\{([^{}]*)\}/g)].map(([, block = '']) => block);
  const paths = [...blocks.join('\n').matchAll(/\bPath\s+"?(\/[^\s"]*)/g)];
  return paths.at(-1)?.[1];
}

function ownPath(fs: FileSystem, host: Host): string | undefined {
  const configuration = readText(fs, host.path(CONFIGURATION));
  return configuration === undefined ? undefined : socketPath(configuration);
}

/** Names each by its file name; if that is ambiguous, by its whole path and a number. */
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

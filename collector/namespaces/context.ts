/** The context of modules that collect from another network namespace than the host's. */

import type { Fields, Log } from '../base/log.ts';
import type { Connect, EventChannel } from '../modules/access.ts';
import type { Context } from '../modules/context.ts';
import type { FileSystem } from '../procfs/file.ts';
import { Host } from '../procfs/host.ts';
import { NamespaceChannel } from './channel.ts';
import { pathOf } from './handles.ts';
import type { Entrance, Namespace } from './namespace.ts';

/**
 * The context of a namespace: its own `/proc/net` and netlink, and what the host's namespaces share. Closing the entrance
 * is left to its owner.
 */
export function namespaceContext(hosts: Context, { name }: Namespace, entrance: Entrance, log: Log): Context {
  const inside =
    (connect: Connect): Connect =>
    (memory): EventChannel =>
      new NamespaceChannel(
        entrance.inside(() => connect(memory)),
        entrance,
      );
  return {
    ...hosts,
    host: new NamespaceHost(hosts.host, hosts.fs, entrance.directory),
    fs: namespaceFiles(hosts.fs, entrance),
    log: namedLog(log, name),
    ctnetlink: inside(hosts.ctnetlink),
    sockDiag: inside(hosts.sockDiag),
  };
}

/** Paths as a module of the namespace uses them. Settings below `/proc/sys/net/netfilter` are those of all namespaces. */
class NamespaceHost extends Host {
  readonly #hosts: Host;
  readonly #directory: string;

  constructor(hosts: Host, fs: FileSystem, directory: string) {
    super(fs, hosts.path(''));
    this.#hosts = hosts;
    this.#directory = directory;
  }

  override net(name: string): string {
    return `${this.#directory}/${name}`;
  }

  /** The number of entries is the reader's own there, and nowhere else as a file: a path that does not exist. */
  override netfilter(name: string): string {
    return name === 'nf_conntrack_count' ? this.net(name) : this.#hosts.netfilter(name);
  }

  /** Netlink shows the namespace: sockets are opened inside. */
  override get isHere(): boolean {
    return true;
  }

  override get elsewhere(): boolean {
    return false;
  }
}

/** Reads files below the namespace's `/proc/net` through the entrance, and all others from the host. */
function namespaceFiles(fs: FileSystem, entrance: Entrance): FileSystem {
  const prefix = `${entrance.directory}/`;
  const open = (path: string, flags: number): number =>
    path.startsWith(prefix) ? entrance.open(path.slice(prefix.length)) : fs.openSync(path, flags);
  return {
    isTransient: true,
    openSync: open,
    readSync: (...call) => fs.readSync(...call),
    fstatSync: (descriptor) => fs.fstatSync(descriptor),
    closeSync: (descriptor) => fs.closeSync(descriptor),
    statSync: (path) => {
      if (!path.startsWith(prefix)) return fs.statSync(path);
      const descriptor = entrance.open(path.slice(prefix.length));
      try {
        return fs.statSync(pathOf(descriptor));
      } finally {
        fs.closeSync(descriptor);
      }
    },
  };
}

/** Adds the name of the namespace to every line. */
function namedLog(log: Log, netns: string): Log {
  const named = (fields?: Fields): Fields => ({ netns, ...fields });
  return {
    error: (message, fields) => log.error(message, named(fields)),
    warning: (message, fields) => log.warning(message, named(fields)),
    notice: (message, fields) => log.notice(message, named(fields)),
    info: (message, fields) => log.info(message, named(fields)),
    debug: (message, fields) => log.debug(message, named(fields)),
  };
}

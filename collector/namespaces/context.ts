/** The context of modules that collect from another network namespace than the host's. */

import type { Fields, Log } from '../base/log.ts';
import type { Connect } from '../modules/access.ts';
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
    (memory) =>
      new NamespaceChannel(
        connect(memory, (action) => entrance.inside(action)),
        entrance,
      );
  return {
    ...hosts,
    host: new NamespaceHost(hosts.host, hosts.fs, entrance),
    fs: namespaceFiles(hosts.fs, entrance),
    log: namedLog(log, name),
    ctnetlink: inside(hosts.ctnetlink),
    sockDiag: inside(hosts.sockDiag),
  };
}

/** Settings that are the same in all namespaces: the kernel has one number of each. */
const GLOBAL: ReadonlySet<string> = new Set(['nf_conntrack_max', 'nf_conntrack_buckets', 'nf_conntrack_expect_max']);

/** Paths as a module of the namespace uses them. */
class NamespaceHost extends Host {
  readonly #hosts: Host;
  readonly #entrance: Entrance;

  constructor(hosts: Host, fs: FileSystem, entrance: Entrance) {
    super(fs, hosts.path(''));
    this.#hosts = hosts;
    this.#entrance = entrance;
  }

  override net(name: string): string {
    return `${this.#entrance.directory}/${name}`;
  }

  override netfilter(name: string): string {
    return GLOBAL.has(name) ? this.#hosts.netfilter(name) : `${this.#entrance.settings}/${name}`;
  }

  /** Netlink shows the namespace: sockets are opened inside. */
  override get isHere(): boolean {
    return true;
  }

  override get elsewhere(): boolean {
    return false;
  }
}

/** Reads the namespace's own files through the entrance, and all others from the host. */
function namespaceFiles(fs: FileSystem, entrance: Entrance): FileSystem {
  const files = `${entrance.directory}/`;
  const settings = `${entrance.settings}/`;
  /** `undefined` for a file of the host. */
  const open = (path: string): number | undefined => {
    if (path.startsWith(files)) return entrance.open(path.slice(files.length));
    return path.startsWith(settings) ? entrance.openSetting(path.slice(settings.length)) : undefined;
  };
  return {
    isTransient: true,
    openSync: (path, flags) => open(path) ?? fs.openSync(path, flags),
    readSync: (...call) => fs.readSync(...call),
    fstatSync: (descriptor) => fs.fstatSync(descriptor),
    closeSync: (descriptor) => fs.closeSync(descriptor),
    statSync: (path) => {
      const descriptor = open(path);
      if (descriptor === undefined) return fs.statSync(path);
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

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
export class NamespaceContext implements Context {
  readonly host: Host;
  readonly fs: FileSystem;
  readonly log: Log;
  readonly #hosts: Context;
  readonly #entrance: Entrance;

  constructor(hosts: Context, { name }: Namespace, entrance: Entrance, log: Log) {
    this.host = new NamespaceHost(hosts.host, hosts.fs, entrance);
    this.fs = new NamespaceFiles(hosts.fs, entrance);
    this.log = new NamedLog(log, name);
    this.#hosts = hosts;
    this.#entrance = entrance;
  }

  get limits(): Context['limits'] {
    return this.#hosts.limits;
  }

  get runtime(): Context['runtime'] {
    return this.#hosts.runtime;
  }

  get release(): string {
    return this.#hosts.release;
  }

  get budget(): Context['budget'] {
    return this.#hosts.budget;
  }

  get connect(): Context['connect'] {
    return this.#hosts.connect;
  }

  get ctnetlink(): Connect {
    return this.#inside(this.#hosts.ctnetlink);
  }

  get sockDiag(): Connect {
    return this.#inside(this.#hosts.sockDiag);
  }

  #inside(connect: Connect): Connect {
    const entrance = this.#entrance;
    return (memory) =>
      new NamespaceChannel(
        connect(memory, (action) => entrance.inside(action)),
        entrance,
      );
  }
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
class NamespaceFiles implements FileSystem {
  readonly isTransient = true;
  readonly #fs: FileSystem;
  readonly #entrance: Entrance;

  constructor(fs: FileSystem, entrance: Entrance) {
    this.#fs = fs;
    this.#entrance = entrance;
  }

  openSync(path: string, flags: number): number {
    return this.#open(path) ?? this.#fs.openSync(path, flags);
  }

  readSync(descriptor: number, buffer: Uint8Array, offset: number, length: number, position: number): number {
    return this.#fs.readSync(descriptor, buffer, offset, length, position);
  }

  fstatSync(descriptor: number): ReturnType<FileSystem['fstatSync']> {
    return this.#fs.fstatSync(descriptor);
  }

  closeSync(descriptor: number): void {
    this.#fs.closeSync(descriptor);
  }

  statSync(path: string): ReturnType<FileSystem['statSync']> {
    const descriptor = this.#open(path);
    if (descriptor === undefined) return this.#fs.statSync(path);
    try {
      return this.#fs.statSync(pathOf(descriptor));
    } finally {
      this.#fs.closeSync(descriptor);
    }
  }

  /** `undefined` for a file of the host. */
  #open(path: string): number | undefined {
    const { directory } = this.#entrance;
    if (isBelow(path, directory)) return this.#entrance.open(path.slice(directory.length + 1));
    const { settings } = this.#entrance;
    return isBelow(path, settings) ? this.#entrance.openSetting(path.slice(settings.length + 1)) : undefined;
  }
}

function isBelow(path: string, directory: string): boolean {
  return path.startsWith(directory) && path[directory.length] === '/';
}

/** Adds the name of the namespace to every line. */
class NamedLog implements Log {
  readonly #log: Log;
  readonly #netns: string;

  constructor(log: Log, netns: string) {
    this.#log = log;
    this.#netns = netns;
  }

  error(message: string, fields?: Fields): void {
    this.#log.error(message, this.#named(fields));
  }

  warning(message: string, fields?: Fields): void {
    this.#log.warning(message, this.#named(fields));
  }

  notice(message: string, fields?: Fields): void {
    this.#log.notice(message, this.#named(fields));
  }

  info(message: string, fields?: Fields): void {
    this.#log.info(message, this.#named(fields));
  }

  debug(message: string, fields?: Fields): void {
    this.#log.debug(message, this.#named(fields));
  }

  #named(fields?: Fields): Fields {
    return { netns: this.#netns, ...fields };
  }
}

/**
 * Paths of the host's kernel files, including those for an agent in a container with the host's `/proc` mounted
 * elsewhere.
 *
 * `/proc/net` and `/proc/sys/net` show the network namespace of the reading process. `/proc/1/net` shows that of the
 * host's first process instead; for `/proc/sys/net` there is no such path.
 */

import type { FileSystem } from './file.ts';

export class Host {
  readonly #fs: FileSystem;
  readonly #prefix: string;

  /** @param prefix the directory with the host's `/proc` and `/sys`; empty on the host itself. */
  constructor(fs: FileSystem, prefix: string) {
    this.#fs = fs;
    this.#prefix = prefix;
  }

  /** A path of the host, such as `/proc/sys/kernel/osrelease`. */
  path(path: string): string {
    return `${this.#prefix}${path}`;
  }

  /** A file below `/proc/net`, of the host's network namespace if that is accessible. */
  net(name: string): string {
    const ofFirstProcess = this.path('/proc/1/net');
    const directory =
      this.#prefix !== '' && this.#inode(ofFirstProcess) !== undefined ? ofFirstProcess : this.path('/proc/net');
    return `${directory}/${name}`;
  }

  /** A connection tracking setting below `/proc/sys/net/netfilter`. */
  netfilter(name: string): string {
    return this.path(`/proc/sys/net/netfilter/${name}`);
  }

  /** Whether this process is known to run in the host's network namespace, so that netlink shows the host. */
  get isHere(): boolean {
    return this.#prefix === '' || (this.#hosts !== undefined && this.#hosts === this.#own);
  }

  /**
   * Whether this process is known to run in another network namespace, so that `/proc/sys/net` does not show the host.
   * A file of `/proc/net` has a different inode in each namespace.
   */
  get elsewhere(): boolean {
    if (this.#prefix === '') return false;
    return this.#own !== undefined && this.#hosts !== undefined && this.#own !== this.#hosts;
  }

  get #own(): string | undefined {
    return this.#inode('/proc/self/net/dev');
  }

  get #hosts(): string | undefined {
    return this.#inode(this.path('/proc/1/net/dev'));
  }

  #inode(path: string): string | undefined {
    try {
      return String(this.#fs.statSync(path).ino);
    } catch {
      return undefined;
    }
  }
}

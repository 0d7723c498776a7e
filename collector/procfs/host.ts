/**
 * Where the host's kernel files are, also for an agent in a container that has the host's `/proc` mounted elsewhere.
 *
 * Two directories of `/proc` speak of the namespace of whoever reads them: `/proc/net` and `/proc/sys/net`. For the
 * first there is `/proc/1/net`, the namespace of the host's first process; for the second there is no such way.
 */

import type { FileSystem } from './file.ts';

export class Host {
  readonly #fs: FileSystem;
  readonly #prefix: string;

  /** @param prefix where the host's `/proc` and `/sys` are mounted; empty on the host itself. */
  constructor(fs: FileSystem, prefix: string) {
    this.#fs = fs;
    this.#prefix = prefix;
  }

  /** A path of the host, such as `/proc/sys/kernel/osrelease`. */
  path(path: string): string {
    return `${this.#prefix}${path}`;
  }

  /** A file below `/proc/net`, in the host's network namespace wherever that can be reached. */
  net(name: string): string {
    const ofFirstProcess = this.path('/proc/1/net');
    const directory =
      this.#prefix !== '' && this.#inode(ofFirstProcess) !== undefined ? ofFirstProcess : this.path('/proc/net');
    return `${directory}/${name}`;
  }

  /** A setting of connection tracking below `/proc/sys/net/netfilter`. */
  netfilter(name: string): string {
    return this.path(`/proc/sys/net/netfilter/${name}`);
  }

  /** Whether this process is known to live in the network namespace of the host, so that netlink speaks of that. */
  get isHere(): boolean {
    return this.#prefix === '' || (this.#hosts !== undefined && this.#hosts === this.#own);
  }

  /**
   * Whether this process is known to live in another network namespace than the host's, so that what `/proc/sys/net`
   * counts is not the host's. Each namespace has its own inode for one and the same file of `/proc/net`.
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

/**
 * Watches for the kernel module `nf_conntrack_netlink`, which sends the events. If it is unloaded while a process listens,
 * events stop without an error. The kernel loads it, in the background, when a socket joins the groups.
 */

import type { FileSystem } from '../../procfs/file.ts';
import type { Host } from '../../procfs/host.ts';
import { ProblemError } from '../problem.ts';

export class CtnetlinkModule {
  readonly #fs: FileSystem;
  readonly #host: Host;
  /** Whether it has been seen as a module, so it is not built into the kernel. */
  #isModular = false;
  /** The inode of the loaded module; a later load has another one. */
  #found: string | undefined;

  constructor(fs: FileSystem, host: Host) {
    this.#fs = fs;
    this.#host = host;
  }

  /** Looks for it before the groups are joined. */
  find(): void {
    this.#found = this.#look();
  }

  /**
   * Whether it was loaded or unloaded since the groups were joined.
   *
   * @param isRead whether this is not the first call since then: what is not loaded by the first call is built in.
   * @throws {ProblemError} when joining the groups did not load it again.
   */
  change(isRead: boolean): 'unloaded' | 'loaded' | undefined {
    const before = this.#found;
    if (before === undefined && isRead) return undefined;
    const now = this.#look();
    if (now !== before) return before === undefined ? 'loaded' : 'unloaded';
    if (now === undefined && this.#isModular) throw new ProblemError('no_ctnetlink', 'ctnetlink');
    return undefined;
  }

  #look(): string | undefined {
    try {
      const { ino } = this.#fs.statSync(this.#host.path('/sys/module/nf_conntrack_netlink'));
      this.#isModular = true;
      return String(ino);
    } catch {
      return undefined;
    }
  }
}

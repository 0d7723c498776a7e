/**
 * The kernel module `nf_conntrack_netlink`, which makes the reports. It can be unloaded while a process listens: then the
 * reports end without an error. The kernel loads it, in the background, when a socket joins the groups.
 */

import type { FileSystem } from '../../procfs/file.ts';
import type { Host } from '../../procfs/host.ts';
import { ProblemError } from '../problem.ts';

export class CtnetlinkModule {
  readonly #fs: FileSystem;
  readonly #host: Host;
  /** Whether it has been seen, and so is no part of the kernel itself. */
  #isModular = false;
  /** Identifies the module that was found last; one that is loaded later has another number. */
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
   * Whether it is not the one that was there when the groups were joined.
   *
   * @param isRead whether this was asked before since then: what was not loaded by then is no module.
   * @returns `unloaded` when it was there, `loaded` when it was not.
   * @throws {ProblemError} when joining the groups did not have it loaded again.
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

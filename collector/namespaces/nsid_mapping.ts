/**
 * Maps bound namespaces to processes by the ids that this network namespace has for them, without privilege. So it knows
 * namespaces that a veth pair or another device connects with this one.
 */

import type { NamespaceIds } from '../netlink/nsid.ts';
import { closeFile, openFile } from '../procfs/file.ts';
import { inodeOf, type NamespaceFileSystem } from './file_system.ts';
import type { Mapping } from './mapping.ts';
import type { Anchor } from './namespace.ts';

/** A connection to the kernel. */
type Ids = Pick<NamespaceIds, 'ofProcess' | 'ofDescriptor' | 'close'>;

export class NsidMapping implements Mapping {
  readonly #fs: NamespaceFileSystem;
  readonly #open: () => Ids;
  #ids: Ids | undefined;
  /** The processes whose ids are known, and the inode of `net/dev` by id. */
  #anchors: readonly Anchor[] | undefined;
  #inodes: ReadonlyMap<number, number> = new Map();

  /**
   * @param fs with the `/proc` of this process's PID namespace.
   * @param open connects to the kernel; called when needed, and again after an error.
   */
  constructor(fs: NamespaceFileSystem, open: () => Ids) {
    this.#fs = fs;
    this.#open = open;
  }

  inodeOf(path: string, anchors: readonly Anchor[]): number | undefined {
    let descriptor: number;
    try {
      descriptor = openFile(this.#fs, path);
    } catch {
      return undefined;
    }
    try {
      this.#ids ??= this.#open();
      const id = this.#ids.ofDescriptor(descriptor);
      return id === undefined ? undefined : this.#among(anchors, this.#ids).get(id);
    } catch {
      this.close();
      return undefined;
    } finally {
      // An open descriptor keeps the namespace alive.
      closeFile(this.#fs, descriptor);
    }
  }

  close(): void {
    this.#ids?.close();
    this.#ids = undefined;
  }

  #among(anchors: readonly Anchor[], ids: Ids): ReadonlyMap<number, number> {
    if (this.#anchors === anchors) return this.#inodes;
    const inodes = new Map<number, number>();
    for (const { inode, pid } of anchors) {
      const id = ids.ofProcess(pid);
      // The process may have entered another namespace since it was found.
      if (id !== undefined && inodeOf(this.#fs, `/proc/${pid}/net/dev`) === inode) inodes.set(id, inode);
    }
    this.#anchors = anchors;
    this.#inodes = inodes;
    return inodes;
  }
}

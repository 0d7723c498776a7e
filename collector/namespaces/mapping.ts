import type { Anchor } from './namespace.ts';

/** A way to find out which processes are in a bound namespace. */
export interface Mapping {
  /**
   * The inode of `/proc/PID/net/dev` in the namespace that is bound to a path.
   *
   * @param anchors one process of each namespace that has any: the same array throughout a scan.
   * @returns `undefined` if it cannot be found out now. Never throws.
   */
  inodeOf(path: string, anchors: readonly Anchor[]): number | undefined;
}

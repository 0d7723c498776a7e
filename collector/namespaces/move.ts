/** Moves this process into another network namespace for good. */

import { ProblemError } from '../modules/problem.ts';
import { type FileSystem, readText } from '../procfs/file.ts';
import { parseProcessStat } from '../procfs/process.ts';
import { type IdentityFileSystem, identityAt } from './identity.ts';
import type { Namespace } from './namespace.ts';
import type { Passage } from './passage.ts';

/** The thread that moves. */
const OWN = '/proc/thread-self';

export interface MoveOptions {
  readonly fs: FileSystem & IdentityFileSystem;
  /** The host's procfs: `/proc`, or where it is mounted. */
  readonly procfs: string;
  readonly passage: Pick<Passage, 'enter'>;
}

/**
 * Enters a namespace and then verifies that it is the one that was found: a path can be bound again meanwhile, and the
 * number of a process be reused. After an error, the process must not open anything any more.
 *
 * @throws {ProblemError} `namespace_gone`, `namespace_hidden` if its path is not accessible, `namespace_closed` if the
 * privilege is missing.
 */
export function moveInto({ anchor, bound, name }: Namespace, { fs, passage, procfs }: MoveOptions): void {
  if (bound !== undefined) {
    passage.enter(bound.path);
    if (identityAt(fs, `${OWN}/ns/net`) === bound.identity) return;
  } else if (anchor !== undefined) {
    const process = `${procfs}/${anchor.pid}`;
    passage.enter(`${process}/ns/net`);
    const stat = `${process}/stat`;
    const started = parseProcessStat(readText(fs, stat) ?? '')?.started;
    // While the process exists, the inode belongs to no other namespace.
    if (started === anchor.started && Number(fs.statSync(`${OWN}/net/dev`).ino) === anchor.inode) return;
  }
  throw new ProblemError('namespace_gone', name);
}

/** The way into a namespace: through a process if one is known, since that needs no privilege. */

import { ProblemError } from '../modules/problem.ts';
import type { FileSystem } from '../procfs/file.ts';
import type { Host } from '../procfs/host.ts';
import type { IdentityFileSystem } from './identity.ts';
import type { Entrance, Namespace } from './namespace.ts';
import type { Passage } from './passage.ts';
import { PathEntrance } from './path_entrance.ts';
import { ProcessEntrance } from './process_entrance.ts';

export interface EntranceOptions {
  readonly fs: FileSystem & IdentityFileSystem;
  readonly host: Host;
  readonly passage: Passage;
}

/**
 * Opens the entrance to a namespace.
 *
 * @throws {ProblemError} `namespace_gone`, or `namespace_hidden` when its path is not accessible.
 * @throws {OperationError} with the system's code when the process cannot be seen.
 */
export function entranceTo({ anchor, bound, name }: Namespace, { fs, host, passage }: EntranceOptions): Entrance {
  if (anchor !== undefined) return new ProcessEntrance({ fs, procfs: host.path('/proc'), passage, anchor, bound });
  if (bound !== undefined) return new PathEntrance({ fs, passage, bound });
  throw new ProblemError('namespace_gone', name);
}

/** The way into a namespace: through a process if one is known, since that needs no privilege. */

import { ProblemError } from '../modules/problem.ts';
import type { Entrance, Namespace } from './namespace.ts';
import { PathEntrance } from './path_entrance.ts';
import { ProcessEntrance, type ProcessEntranceOptions } from './process_entrance.ts';

/**
 * Opens the entrance to a namespace.
 *
 * @throws {ProblemError} `namespace_gone`, or `namespace_hidden` when its path is not accessible.
 * @throws {OperationError} with the system's code when the process cannot be seen.
 */
export function entranceTo({ anchor, bound, name }: Namespace, options: ProcessEntranceOptions): Entrance {
  if (anchor !== undefined) return new ProcessEntrance(anchor, bound, options);
  const { fs, passage } = options;
  if (bound !== undefined) return new PathEntrance({ fs, passage, bound });
  throw new ProblemError('namespace_gone', name);
}

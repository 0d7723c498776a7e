/**
 * Running the program as another user, by setpriv of util-linux: Node.js itself would not set the user's other groups.
 * This process stays what it is, so nothing that holds root's terminal is ever that user's.
 */

import type { Account } from './accounts.ts';

/** Exit codes of the shell that starts the program, when that user may not run the program, or its interpreter. */
export const NOT_EXECUTABLE = 121;
export const NO_INTERPRETER = 122;

/** Asked as that user, since only the kernel knows every reason to refuse: modes, folders, access lists, mounts. */
const START =
  `[ -x "$1" ] || exit ${NOT_EXECUTABLE}; [ "$1" = "$2" ] || [ -r "$1" ] || exit ${NOT_EXECUTABLE}; ` +
  `[ -x "$2" ] || exit ${NO_INTERPRETER}; shift; exec "$@"`;

/**
 * The words that run a program as a user, in that user's groups.
 *
 * @param program the file that is asked for.
 * @param words its executable, which is Node.js for a script, and what that is given.
 */
export function wordsAs(account: Account, program: string, words: readonly string[]): readonly string[] {
  const { gid, uid } = account;
  const ids = ['--reuid', String(uid), '--regid', String(gid), ...groupsOf(account)];
  return ['setpriv', ...ids, 'sh', '-c', START, 'sh', program, ...words];
}

function groupsOf({ groups, uid, user }: Account): readonly string[] {
  // Only a user that has a name is in other groups.
  if (groups === undefined && user !== String(uid)) return ['--init-groups'];
  return groups === undefined || groups.length === 0 ? ['--clear-groups'] : ['--groups', groups.join(',')];
}

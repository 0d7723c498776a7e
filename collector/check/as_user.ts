/** The command that runs a program as the agent's user. */

import type { Account } from './accounts.ts';

/** Exit codes of the shell that starts the program, if the user cannot run the program or its interpreter. */
export const NOT_EXECUTABLE = 121;
export const NO_INTERPRETER = 122;

/** Tested as that user, since only the kernel knows all reasons to refuse: modes, directories, access lists, mounts. */
const START =
  `[ -x "$1" ] || exit ${NOT_EXECUTABLE}; [ "$1" = "$2" ] || [ -r "$1" ] || exit ${NOT_EXECUTABLE}; ` +
  `[ -x "$2" ] || exit ${NO_INTERPRETER}; shift; exec "$@"`;

/**
 * The command that runs a program as a user, with that user's groups. It uses setpriv of util-linux, since Node.js cannot
 * set supplementary groups, and leaves this process, which holds root's terminal, as it is.
 *
 * @param program the file that the user must be able to run, or to read if Node.js runs it.
 * @param words the executable, which is Node.js for a script, and its arguments.
 */
export function wordsAs(account: Account, program: string, words: readonly string[]): readonly string[] {
  const { gid, uid } = account;
  const ids = ['--reuid', String(uid), '--regid', String(gid), ...groupsOf(account)];
  return ['setpriv', ...ids, 'sh', '-c', START, 'sh', program, ...words];
}

function groupsOf({ groups, uid, user }: Account): readonly string[] {
  // Only a user with a name has supplementary groups.
  if (groups === undefined && user !== String(uid)) return ['--init-groups'];
  return groups === undefined || groups.length === 0 ? ['--clear-groups'] : ['--groups', groups.join(',')];
}

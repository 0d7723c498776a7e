/** Command prefixes that run a program as in a container. */

/** Mounts, with the given options, at its first argument, then executes the rest. */
export function withMount(words: string): readonly string[] {
  return ['sh', '-c', `mount ${words} "$1" && shift && exec "$@"`, 'sh'];
}

/** With `/proc` of a host at a folder: a new process namespace whose first process is in this network namespace. */
export function withHostAt(folder: string): readonly string[] {
  const unshare = ['unshare', '--pid', '--fork', '--kill-child'];
  const first = ['sh', '-c', '"$@"; exit $?', 'sh'];
  return [...unshare, ...first, ...withMount('-t proc proc'), folder];
}

/** As an unprivileged user. */
export const AS_NOBODY: readonly string[] = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];

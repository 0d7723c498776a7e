/** What the plugin finds in a container, by words that run what follows them as a container would. */

/** Mounts at its first argument what the words say, then becomes the command of the others. */
export function withMount(words: string): readonly string[] {
  return ['sh', '-c', `mount ${words} "$1" && shift && exec "$@"`, 'sh'];
}

/**
 * With a host's `/proc` at a folder. The host's first process is one where these words run: that of a process namespace
 * that is mounted there.
 */
export function withHostAt(folder: string): readonly string[] {
  const unshare = ['unshare', '--pid', '--fork', '--kill-child'];
  const first = ['sh', '-c', '"$@"; exit $?', 'sh'];
  return [...unshare, ...first, ...withMount('-t proc proc'), folder];
}

/** As the user nobody, without any privilege. */
export const AS_NOBODY: readonly string[] = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];

/** A host that looks as if nothing but the program ran on it, by words that run what follows them there. */

/** What an agent that is installed on this machine would be found by. */
const AGENTS = ['/etc/netdata', '/opt/netdata', '/usr/lib/netdata', '/usr/libexec/netdata'];

/** What connection tracking is known by; the words after that run as the first process. */
export const TRACKING = ['/proc/sys/net/netfilter', '/proc/1/net', '/sys/module'];

/**
 * In a process, a mount and a network namespace of their own, without any agent.
 *
 * @param passwd the path of what becomes `/etc/passwd`.
 * @param hidden more directories that are empty there.
 */
export function alone(passwd: string, hidden: readonly string[] = []): readonly string[] {
  const hide = 'for path in $0; do if [ -d "$path" ]; then mount -t tmpfs tmpfs "$path"; fi; done';
  const unshare = ['unshare', '--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const script = `${hide}; mount --bind "$1" /etc/passwd && shift && exec "$@"`;
  return [...unshare, 'sh', '-c', script, [...AGENTS, ...hidden].join(' '), passwd];
}

/** A command prefix that runs a program as if it were alone on the host. */

/** Folders by which an installed agent would be found. */
const AGENTS = ['/etc/netdata', '/opt/netdata', '/usr/lib/netdata', '/usr/libexec/netdata'];

/** The folder in which `ip netns` binds network namespaces. */
const NAMESPACES = '/run/netns';

/** Folders by which connection tracking is found. */
export const TRACKING = ['/proc/sys/net/netfilter', '/proc/1/net', '/sys/module'];

/**
 * In separate process, mount and network namespaces, without an agent and other network namespaces.
 *
 * @param passwd the file mounted at `/etc/passwd`.
 * @param hidden more directories that appear empty.
 */
export function alone(passwd: string, hidden: readonly string[] = []): readonly string[] {
  const hide = 'for path in $0; do if [ -d "$path" ]; then mount -t tmpfs tmpfs "$path"; fi; done';
  const unshare = ['unshare', '--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const script = `${hide}; mount --bind "$1" /etc/passwd && shift && exec "$@"`;
  return [...unshare, 'sh', '-c', script, [...AGENTS, NAMESPACES, ...hidden].join(' '), passwd];
}

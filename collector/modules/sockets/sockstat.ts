/**
 * Parses `/proc/net/sockstat` and `sockstat6`: a line of names and numbers for each protocol, such as
 *
 *     TCP: inuse 12 orphan 0 tw 3 alloc 15 mem 2
 *
 * Source: `sockstat_seq_show` in net/ipv4/proc.c and `sockstat6_seq_show` in net/ipv6/proc.c of the kernel.
 */

/** Without `alloc` and `mem`, which are those of all network namespaces, and change with data in buffers. */
const TOTALS = /^(?:TCP|UDP)6?: inuse \d+(?: orphan \d+ tw \d+)?/gm;

/**
 * The totals of TCP and UDP sockets, as text to compare with another.
 *
 * They do not change when a socket only changes its state, nor with half-open connections, which have no socket yet.
 *
 * @returns `undefined` if there are none.
 */
export function totalsIn(text: string): string | undefined {
  return text.match(TOTALS)?.join('\n');
}

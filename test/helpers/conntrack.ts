/** Runs commands, and makes entries for `conntrack -R`. */

import { spawnSync } from 'node:child_process';

/** Milliseconds before a command is killed; the timeout of the test cannot fire during spawnSync. */
const AT_MOST = 120_000;

/** Runs a command to its end and returns its output; throws when it fails. */
export function run([program = '', ...args]: readonly string[], input = ''): string {
  const result = spawnSync(program, args, { encoding: 'utf8', input, maxBuffer: 256 * 1024 * 1024, timeout: AT_MOST });
  if (result.status !== 0) {
    throw new Error(`${program} ${args.join(' ')}: exit ${result.status}: ${result.stderr}`, { cause: result.error });
  }
  return result.stdout;
}

/** Loads entries from standard input, through a pipe: `conntrack` cannot open the socket that Node.js passes. */
export const RESTORE: readonly string[] = ['sh', '-c', 'cat | conntrack -R -'];

/** Lines for {@link RESTORE}: established, assured TCP connections with a timeout of one hour. */
export function establishedConnections(count: number, firstPort = 1024): string[] {
  return Array.from({ length: count }, (_, entry) => {
    const host = `10.88.${Math.floor(entry / 60_000)}.1`;
    const port = firstPort + (entry % 60_000);
    return `-A -t 3600 -s ${host} -d 10.99.0.1 -p tcp --sport ${port} --dport 443 --state ESTABLISHED -u SEEN_REPLY,ASSURED`;
  });
}

/** What the kernel tells of connection tracking without being asked over netlink. */

import { isTracking } from '../modules/access.ts';
import { kernelRelease } from '../modules/stat/kernel.ts';
import type { Host } from '../procfs/host.ts';
import { type CheckFileSystem, readNumber } from './files.ts';
import type { KernelSection } from './report.ts';

/** @param release of the kernel that this program runs on, for a host that does not tell its own. */
export function readKernel(fs: CheckFileSystem, host: Host, release: string): Omit<KernelSection, 'findings'> {
  // Settings that speak of another network namespace than the host's say nothing of the host.
  const setting = (name: string): number | undefined =>
    host.elsewhere ? undefined : readNumber(fs, host.netfilter(name));
  return {
    release: kernelRelease(fs, host, release),
    tracking: isTracking(fs, host),
    entries: setting('nf_conntrack_count'),
    max: setting('nf_conntrack_max') || undefined,
    buckets: setting('nf_conntrack_buckets') || undefined,
    events: setting('nf_conntrack_events'),
    acct: setting('nf_conntrack_acct'),
  };
}

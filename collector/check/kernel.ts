/** What the kernel shows of connection tracking in files. */

import { isTracking } from '../modules/access.ts';
import { kernelRelease } from '../modules/stat/kernel.ts';
import type { Host } from '../procfs/host.ts';
import { type CheckFileSystem, readNumber } from './files.ts';
import { type Places, remedy } from './remedy.ts';
import { hint, type KernelSection, type ModuleSection } from './report.ts';

const NO_ACCOUNTING = 'nf_conntrack_acct is 0, so the traffic and packets that conntrackd processed are not counted';

/**
 * @param release of the kernel that this program runs on, for a host that does not name its own.
 * @param conntrackd state of that module, whose traffic counters need accounting.
 */
export function judgeKernel(
  fs: CheckFileSystem,
  host: Host,
  release: string,
  conntrackd: ModuleSection['state'] | undefined,
  places: Places,
): KernelSection {
  // Settings of another network namespace say nothing about the host.
  const setting = (name: string): number | undefined =>
    host.elsewhere ? undefined : readNumber(fs, host.netfilter(name));
  const acct = setting('nf_conntrack_acct');
  const needsAccounting = acct === 0 && (conntrackd === 'works' || conntrackd === 'fails');
  return {
    release: kernelRelease(fs, host, release),
    tracking: isTracking(fs, host),
    entries: setting('nf_conntrack_count'),
    max: setting('nf_conntrack_max') || undefined,
    buckets: setting('nf_conntrack_buckets') || undefined,
    events: setting('nf_conntrack_events'),
    acct,
    findings: needsAccounting ? [hint('no_accounting', NO_ACCOUNTING, remedy('turn_acct_on', places))] : [],
  };
}

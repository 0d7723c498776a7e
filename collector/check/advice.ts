/** What can be done about what is in the way of a module, by what is out of reach and the code of the hindrance. */

import type { PlainRemedy } from './remedies.ts';

/** What is said of something that is in the way of a module, and what can be done. */
interface Advice {
  /** Instead of what the module says. */
  readonly text?: string;
  /** `capability`: what gives the program the capability depends on why it lacks it. */
  readonly remedy?: PlainRemedy | 'open_socket' | 'capability';
}

const NO_CAPABILITY: Advice = { text: 'the plugin lacks the capability CAP_NET_ADMIN', remedy: 'capability' };
const NO_CTNETLINK: Advice = { text: 'the kernel does not offer ctnetlink', remedy: 'load_ctnetlink' };
const NO_SOCK_DIAG: Advice = { text: 'the kernel does not offer sock_diag', remedy: 'load_sock_diag' };
const SANDBOX: Advice = { remedy: 'lift_sandbox' };
const UNLOADED: Advice = { remedy: 'load_tracking' };
const ELSEWHERE: Advice = { remedy: 'join_host_network' };
const NO_LIBRARY: Advice = { remedy: 'reinstall' };
const UNTRUSTED: Advice = { remedy: 'install_safely' };

/** By what is out of reach, and the code of what is in the way. */
export const ADVICE = {
  ctnetlink: {
    EPERM: NO_CAPABILITY,
    EACCES: NO_CAPABILITY,
    EPROTONOSUPPORT: NO_CTNETLINK,
    EAFNOSUPPORT: NO_CTNETLINK,
    ENOTSUP: NO_CTNETLINK,
    EINVAL: NO_CTNETLINK,
    ENOENT: NO_CTNETLINK,
    unloaded: UNLOADED,
    elsewhere: ELSEWHERE,
    foreign: NO_LIBRARY,
    untrusted: UNTRUSTED,
    off: { text: 'events are turned off (nf_conntrack_events is 0)', remedy: 'turn_events_on' },
    flood: { remedy: 'raise_most_events' },
    silent: { text: 'the table grows and the kernel reports nothing', remedy: 'load_ctnetlink' },
  },
  sock_diag: {
    EPERM: SANDBOX,
    EACCES: SANDBOX,
    EAFNOSUPPORT: SANDBOX,
    EPROTONOSUPPORT: NO_SOCK_DIAG,
    ENOTSUP: NO_SOCK_DIAG,
    EINVAL: NO_SOCK_DIAG,
    ENOENT: NO_SOCK_DIAG,
    elsewhere: ELSEWHERE,
    foreign: NO_LIBRARY,
    untrusted: UNTRUSTED,
  },
  procfs: {
    unloaded: UNLOADED,
    elsewhere: ELSEWHERE,
    no_statistics: { remedy: 'statistics_over_netlink' },
  },
  conntrackd: {
    down: { remedy: 'start_conntrackd' },
    unresponsive: { remedy: 'look_at_conntrackd' },
    refused: { text: 'its socket is not open to the plugin', remedy: 'open_socket' },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Advice>>>>;

/** What is known of a hindrance; empty for one that is not expected. */
export function adviceFor(kind: keyof typeof ADVICE, code: string): Advice {
  const advice: Readonly<Partial<Record<string, Advice>>> = ADVICE[kind];
  return (Object.hasOwn(advice, code) ? advice[code] : undefined) ?? {};
}

/** The remedy for each problem of a module. */

import type { ProblemCode } from '../modules/problem.ts';
import type { PlainRemedy } from './remedies.ts';

/** By problem; none where the message says all there is to say. `capability`: depends on why the program lacks it. */
export const PROBLEM_REMEDIES: Readonly<Record<ProblemCode, PlainRemedy | 'open_socket' | 'capability' | undefined>> = {
  tracking_not_loaded: 'load_tracking',
  no_capability: 'capability',
  other_namespace: 'join_host_network',
  library_unusable: 'reinstall',
  library_untrusted: 'install_safely',
  no_ctnetlink: 'load_ctnetlink',
  no_sock_diag: 'load_sock_diag',
  sock_diag_blocked: 'lift_sandbox',
  malformed_reply: 'report_bug',
  events_off: 'turn_events_on',
  events_missing: 'load_ctnetlink',
  events_too_many: 'raise_most_events',
  events_overrun: 'raise_receive_buffer',
  small_receive_buffer: 'raise_rmem_max',
  no_statistics_file: 'statistics_over_netlink',
  file_missing: undefined,
  file_denied: undefined,
  malformed_file: undefined,
  conntrackd_down: 'start_conntrackd',
  conntrackd_unresponsive: 'look_at_conntrackd',
  conntrackd_denied: 'open_socket',
  conntrackd_failed: undefined,
  conntrackd_malformed: undefined,
  system_error: undefined,
  defect: 'report_bug',
};

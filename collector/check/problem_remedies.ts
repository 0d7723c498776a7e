/** How to fix each problem of a module. Data; nothing where the message says all there is to say. */

import type { ProblemCode } from '../modules/problem.ts';
import { PERSIST } from './remedies.ts';
import type { Template } from './remedy.ts';

const CONNTRACKD_DROP_IN = '/etc/systemd/system/conntrackd.service.d';
const LOAD_CTNETLINK = { lines: ['sudo modprobe nf_conntrack_netlink'] } as const;
const REPORT_BUG = { note: 'This is a bug of the plugin: report it with this output.' } as const;

export const PROBLEM_REMEDIES = {
  tracking_not_loaded: {
    note: 'Load it, or add a firewall rule that uses it. To load it at boot, list it in a file in /etc/modules-load.d.',
    lines: ['sudo modprobe nf_conntrack'],
  },
  // It depends on why the program lacks it.
  no_capability: undefined,
  other_namespace: {
    note: "Run the agent in the host's network namespace: start its container with --network host.",
  },
  namespace_gone: undefined,
  namespace_closed: {
    note: 'Grant CAP_SYS_ADMIN, which the plugin raises only to enter a network namespace:',
    lines: ['sudo {folder}/conntrack-setup --namespaces'],
  },
  namespace_hidden: { note: "Let the agent's user search the directory of the path." },
  library_unusable: {
    note: 'Install the plugin again: the directory conntrack-koffi must be next to it and owned by root.',
  },
  library_untrusted: { note: 'Install the plugin in a directory that, like all its parents, only root can write to.' },
  no_ctnetlink: LOAD_CTNETLINK,
  no_sock_diag: { lines: ['sudo modprobe -a tcp_diag udp_diag'] },
  sock_diag_blocked: { note: "Allow AF_NETLINK sockets in the agent's sandbox or security module." },
  malformed_reply: REPORT_BUG,
  events_off: { note: PERSIST, lines: ['sudo sysctl -w net.netfilter.nf_conntrack_events=1'] },
  events_missing: LOAD_CTNETLINK,
  events_too_many: {
    note: 'To count more, at the cost of CPU time, raise modules.events.most_per_second in conntrack.conf.',
  },
  events_overrun: { note: 'Raise modules.events.receive_buffer in conntrack.conf.' },
  small_receive_buffer: { lines: ['sudo sysctl -w net.core.rmem_max=67108864'] },
  no_statistics_file: {
    note: 'The kernel may lack CONFIG_NF_CONNTRACK_PROCFS. With CAP_NET_ADMIN the statistics are read over netlink instead.',
  },
  file_missing: undefined,
  file_denied: undefined,
  malformed_file: undefined,
  conntrackd_down: { lines: ['sudo systemctl start conntrackd'] },
  conntrackd_unresponsive: {
    note: 'If it is running but busy, raise modules.conntrackd.timeout in conntrack.conf.',
    lines: ['systemctl status conntrackd'],
  },
  conntrackd_denied: {
    note: "Give the agent's group access. Write access also allows flushing the connection table and stopping conntrackd, so do this only if you trust the agent and its plugins with your firewall. The unit must have Type=notify, as in Debian.",
    lines: [
      `sudo mkdir -p ${CONNTRACKD_DROP_IN}`,
      `printf '[Service]\\nExecStartPost=-/bin/chgrp {group} {socket}\\n' | sudo tee ${CONNTRACKD_DROP_IN}/{drop_in}`,
      `echo 'ExecStartPost=-/bin/chmod 0660 {socket}' | sudo tee -a ${CONNTRACKD_DROP_IN}/{drop_in}`,
      'sudo systemctl daemon-reload',
      'sudo chgrp {group} {socket}',
      'sudo chmod 0660 {socket}',
    ],
  },
  conntrackd_failed: undefined,
  conntrackd_malformed: undefined,
  system_error: undefined,
  defect: REPORT_BUG,
} as const satisfies Readonly<Record<ProblemCode, Template | undefined>>;

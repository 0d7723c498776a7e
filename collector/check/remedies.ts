/** How to fix what `check` finds. Data: a name, a note, and commands. */

import type { Remedy } from './report.ts';
import { fillLine, fillText, type PlaceIn } from './shell.ts';

const DROP_IN = '/etc/systemd/system/netdata.service.d';
const CONNTRACKD_DROP_IN = '/etc/systemd/system/conntrackd.service.d';
const RESTART = 'sudo systemctl daemon-reload && sudo systemctl restart netdata';
/** In this order: chown removes the capability, and before chmod every user could run the program with it. */
const LET_RUN = ['sudo chown root:{group} {program}', 'sudo chmod 0750 {program}'] as const;
const SET_CAPABILITY = 'sudo setcap cap_net_admin=p {program}';
const PARENTS = 'That user also needs `x` permission on every parent directory.';
const PERSIST = 'To keep it after a reboot, also set it in a file in /etc/sysctl.d.';
const LOG = "Look for the reason in the agent's log: {log}.";

interface Template {
  readonly note?: string;
  /** Commands, with placeholders such as `{program}` for what depends on the host. */
  readonly lines?: readonly string[];
}

const TEMPLATES = {
  // Connection tracking.
  load_tracking: {
    note: 'Load it, or add a firewall rule that uses it:',
    lines: ['sudo modprobe nf_conntrack'],
  },
  load_ctnetlink: { lines: ['sudo modprobe nf_conntrack_netlink'] },
  load_sock_diag: { lines: ['sudo modprobe -a tcp_diag udp_diag'] },
  turn_events_on: { note: PERSIST, lines: ['sudo sysctl -w net.netfilter.nf_conntrack_events=1'] },
  turn_acct_on: { note: PERSIST, lines: ['sudo sysctl -w net.netfilter.nf_conntrack_acct=1'] },
  raise_most_events: {
    note: 'To count more, at the cost of CPU time, raise modules.events.most_per_second in conntrack.conf.',
  },
  raise_receive_buffer: { note: 'Raise modules.events.receive_buffer in conntrack.conf.' },
  raise_rmem_max: { lines: ['sudo sysctl -w net.core.rmem_max=67108864'] },
  statistics_over_netlink: {
    note: 'The kernel may lack CONFIG_NF_CONNTRACK_PROCFS. With CAP_NET_ADMIN the statistics are read over netlink instead.',
  },
  join_host_network: {
    note: "Run the agent in the host's network namespace: start its container with --network host.",
  },
  lift_sandbox: { note: "Allow AF_NETLINK sockets in the agent's sandbox or security module." },
  lift_namespace: { note: 'A user namespace or a security module blocks it: run the agent outside of that.' },
  reinstall: { note: 'Install the plugin again: the directory conntrack-koffi must be next to it and owned by root.' },
  install_safely: { note: 'Install the plugin in a directory that, like all its parents, only root can write to.' },

  report_bug: { note: 'This is a bug of the plugin: report it with this output.' },

  // The capability.
  set_capability: { lines: [...LET_RUN, SET_CAPABILITY] },
  take_capability: {
    note: 'Remove the capability and install the package: only the packaged program can have it safely.',
    lines: ['sudo setcap -r {program}'],
  },
  install_package: { note: 'Install the package: a script cannot have capabilities, the packaged program can.' },
  install_elsewhere: { note: 'Install the plugin on another file system.' },
  add_to_container: {
    note: 'Add it to the service or the container, which is started with:',
    lines: ['--cap-add NET_ADMIN'],
  },
  check_with_ambient: {
    note: 'Run the check with the same ambient capability:',
    lines: [
      'sudo setpriv --reuid {user} --regid {group} --init-groups --inh-caps +net_admin --ambient-caps +net_admin {program} check',
    ],
  },
  widen_bounding_set: {
    note: 'Add it to the bounding set of the service, but only if `systemctl show netdata -p CapabilityBoundingSet` lists capabilities without cap_net_admin: otherwise this would remove all others.',
    lines: [
      `sudo mkdir -p ${DROP_IN}`,
      `printf '[Service]\\nCapabilityBoundingSet=CAP_NET_ADMIN\\n' | sudo tee ${DROP_IN}/conntrack.conf`,
      RESTART,
    ],
  },
  let_agent_have_capability: { note: 'Start the agent with CAP_NET_ADMIN in its bounding set.' },
  allow_new_privileges: {
    note: 'Turn NoNewPrivileges off for the service:',
    lines: [
      `sudo mkdir -p ${DROP_IN}`,
      `printf '[Service]\\nNoNewPrivileges=no\\n' | sudo tee ${DROP_IN}/conntrack-privileges.conf`,
      RESTART,
    ],
  },
  let_agent_hand_on_capability: { note: 'Start the agent without no_new_privs.' },

  // The program and the agent.
  let_run_package: { note: PARENTS, lines: [...LET_RUN, SET_CAPABILITY] },
  let_run_script: { note: PARENTS, lines: LET_RUN },
  install_setpriv: {
    note: 'This needs setpriv of util-linux and, in a container, CAP_SETUID and CAP_SETGID. No module was checked.',
  },
  let_run_node: { note: 'Run the check with a Node.js that every user can run, such as /usr/bin/node.' },
  check_as_root: {
    note: "Run it as root: it then checks as the agent's user.",
    lines: ['sudo {program} check'],
  },
  check_in_namespace: { lines: ['sudo nsenter --net=/proc/{pid}/ns/net {program} check'] },
  check_installed: { lines: ['sudo {installed} check'] },
  install_plugin: { note: 'Install the plugin.' },
  install_plugin_below: { note: 'Install the plugin: install.sh --prefix {prefix}' },
  start_agent: { lines: ['sudo systemctl start netdata'] },
  start_agent_below: { note: 'Start the agent in {prefix}.' },
  check_later: { note: 'Check again in {wait} s.' },
  restart_service: {
    note: `${LOG} The agent starts the plugin again after a restart:`,
    lines: ['sudo systemctl restart netdata'],
  },
  restart_agent: { note: `${LOG} The agent starts the plugin again after a restart.` },
  look_at_log: { note: LOG },
  turn_plugin_on: {
    note: 'Set this in the section [plugins] of {netdata_conf}, then restart the agent (sudo systemctl restart netdata):',
    lines: ['conntrack = yes'],
  },
  turn_off_builtin_package: {
    note: "After the restart the plugin's charts have the contexts netfilter.conntrack_*.",
    lines: ['sudo {folder}/conntrack-setup --replace-builtin', 'sudo systemctl restart netdata'],
  },
  turn_off_builtin_below: {
    note: 'Then restart the agent.',
    lines: ['sudo {folder}/conntrack-setup --replace-builtin --prefix {prefix}'],
  },
  turn_off_builtin_script: {
    note: 'Add this to {netdata_conf}, then restart the agent (sudo systemctl restart netdata):',
    lines: ['[plugin:proc]', '    /proc/net/stat/conntrack = no'],
  },
  install_alerts: {
    note: "Copy the plugin's health/conntrack.conf to {alerts}, then:",
    lines: ['sudo netdatacli reload-health'],
  },
  fix_configuration: { note: 'The plugin will not start until this is fixed; the checks below use the defaults.' },
  let_read_configuration: {
    note: PARENTS,
    lines: ['sudo chgrp {group} {file} && sudo chmod g+r {file}'],
  },

  // Conntrackd.
  start_conntrackd: { lines: ['sudo systemctl start conntrackd'] },
  look_at_conntrackd: {
    note: 'If it is running but busy, raise modules.conntrackd.timeout in conntrack.conf.',
    lines: ['systemctl status conntrackd'],
  },
  open_socket: {
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
} as const satisfies Readonly<Record<string, Template>>;

export type RemedyName = keyof typeof TEMPLATES;

type TextIn<T> = T extends { readonly note: infer Note } ? Note : never;
type LineIn<T> = T extends { readonly lines: readonly (infer Line)[] } ? Line : never;
type PlacesOf<Name extends RemedyName> = PlaceIn<TextIn<(typeof TEMPLATES)[Name]> | LineIn<(typeof TEMPLATES)[Name]>>;

/** The placeholders that are known on every host. */
export interface Places {
  /** The program that was started, and its directory. */
  readonly program: string;
  readonly folder: string;
  /** The user and the group that the agent's plugins run as. */
  readonly user: string;
  readonly group: string;
  /** Where the agent is installed, such as `/`. */
  readonly prefix: string;
  /** The path of the agent's configuration, or a description of it: for notes, not for commands. */
  readonly netdata_conf: string;
}

/** The remedies that need only those. */
export type PlainRemedy = {
  [Name in RemedyName]: PlacesOf<Name> extends keyof Places ? Name : never;
}[RemedyName];

/**
 * A remedy for this host. It has no commands if a value cannot be quoted safely.
 *
 * @param places values for all placeholders of the remedy: a missing one does not compile.
 */
export function remedy<Name extends RemedyName>(name: Name, places: Readonly<Record<PlacesOf<Name>, string>>): Remedy {
  const { lines = [], note }: Template = TEMPLATES[name];
  const filled = lines.map((line) => fillLine(line, places));
  return {
    note: note === undefined ? undefined : fillText(note, places),
    lines: filled.some((line) => line === undefined) ? [] : filled.filter((line) => line !== undefined),
  };
}

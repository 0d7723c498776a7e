/** What can be done about what `check` finds. Data: a name, and what to type. */

import type { Remedy } from './report.ts';
import { fillLine, fillText, type PlaceIn } from './shell.ts';

const DROP_IN = '/etc/systemd/system/netdata.service.d';
const CONNTRACKD_DROP_IN = '/etc/systemd/system/conntrackd.service.d';
const RESTART = 'sudo systemctl daemon-reload && sudo systemctl restart netdata';

interface Template {
  readonly note?: string;
  /** With places such as `{program}` for what is only known here. */
  readonly lines?: readonly string[];
}

const TEMPLATES = {
  // Connection tracking.
  load_tracking: {
    note: 'Load it, or use it in a firewall rule:',
    lines: ['sudo modprobe nf_conntrack'],
  },
  load_ctnetlink: { lines: ['sudo modprobe nf_conntrack_netlink'] },
  load_sock_diag: { lines: ['sudo modprobe -a tcp_diag udp_diag'] },
  turn_events_on: {
    note: 'To keep it after a reboot, write it into a file below /etc/sysctl.d too.',
    lines: ['sudo sysctl -w net.netfilter.nf_conntrack_events=1'],
  },
  turn_acct_on: {
    note: 'To keep it after a reboot, write it into a file below /etc/sysctl.d too.',
    lines: ['sudo sysctl -w net.netfilter.nf_conntrack_acct=1'],
  },
  raise_most_events: { note: 'Raise modules.events.most_per_second in conntrack.conf, if the CPU time is worth it.' },
  raise_receive_buffer: { note: 'Raise modules.events.receive_buffer in conntrack.conf.' },
  raise_rmem_max: { lines: ['sudo sysctl -w net.core.rmem_max=67108864'] },
  statistics_over_netlink: {
    note: 'The kernel may be built without CONFIG_NF_CONNTRACK_PROCFS. With CAP_NET_ADMIN they are read over netlink.',
  },
  join_host_network: {
    note: "Run the agent in the host's network namespace: its container needs --network host.",
  },
  lift_sandbox: { note: 'Let the sandbox or the security module of the agent allow sockets of the family AF_NETLINK.' },
  lift_namespace: {
    note: 'A user namespace or a security module stands in the way: run the agent outside of it.',
  },
  reinstall: { note: 'Install the plugin again: the folder conntrack-koffi must be beside it and belong to root.' },
  install_safely: {
    note: 'Install the plugin again into a folder that, like all above it, only root can write to.',
  },

  report_bug: { note: 'This is a bug of the plugin: report it with this output.' },

  // The capability.
  // Owner and mode first: a change of the owner takes the capability away, and without the mode every user would have it.
  set_capability: {
    lines: ['sudo chown root:{group} {program}', 'sudo chmod 0750 {program}', 'sudo setcap cap_net_admin=p {program}'],
  },
  close_program: {
    lines: ['sudo chown root:{group} {exposed}', 'sudo chmod 0750 {exposed}', 'sudo setcap cap_net_admin=p {exposed}'],
  },
  take_capability: {
    note: 'Take it away, and install the package: only the packaged program can have the capability safely.',
    lines: ['sudo setcap -r {exposed}'],
  },
  install_package: {
    note: 'A script cannot have a capability, only the packaged program can: install the package.',
  },
  install_elsewhere: {
    note: '{mount} is mounted nosuid: no file on it can have a capability. Install the plugin elsewhere.',
  },
  add_to_container: {
    note: 'The container or the service that this runs in has no CAP_NET_ADMIN to give. Start a container with:',
    lines: ['--cap-add NET_ADMIN'],
  },
  check_with_ambient: {
    note: 'An ambient capability goes to whatever the agent starts. Check as the agent would start it:',
    lines: [
      'sudo setpriv --reuid {user} --regid {group} --init-groups --inh-caps +net_admin --ambient-caps +net_admin {program} check',
    ],
  },
  widen_bounding_set: {
    note: "Add it to the list of the agent's service, only where `systemctl show netdata -p CapabilityBoundingSet` lists capabilities without cap_net_admin: where there is no list, it would make one of this capability alone.",
    lines: [
      `sudo mkdir -p ${DROP_IN}`,
      `printf '[Service]\\nCapabilityBoundingSet=CAP_NET_ADMIN\\n' | sudo tee ${DROP_IN}/conntrack.conf`,
      RESTART,
    ],
  },
  let_agent_have_capability: {
    note: 'Whoever starts the agent must let it have CAP_NET_ADMIN: it is not in its bounding set.',
  },
  allow_new_privileges: {
    note: "Let the agent's service start programs that have capabilities:",
    lines: [
      `sudo mkdir -p ${DROP_IN}`,
      `printf '[Service]\\nNoNewPrivileges=no\\n' | sudo tee ${DROP_IN}/conntrack-privileges.conf`,
      RESTART,
    ],
  },
  let_agent_hand_on_capability: {
    note: 'Whoever starts the agent must let its programs gain privileges: it was started so that none does.',
  },

  // The program and the agent.
  let_run_package: {
    note: 'The folders above must let that user through, too.',
    lines: ['sudo chown root:{group} {program}', 'sudo chmod 0750 {program}', 'sudo setcap cap_net_admin=p {program}'],
  },
  let_run_script: {
    note: 'The folders above must let that user through, too.',
    lines: ['sudo chown root:{group} {program}', 'sudo chmod 0750 {program}'],
  },
  install_setpriv: {
    note: 'Root needs setpriv of util-linux for this, and in a container CAP_SETUID and CAP_SETGID. No module was tried.',
  },
  let_run_node: { note: 'Check with a Node.js that every user may run, such as /usr/bin/node.' },
  check_as_root: {
    note: "Run it as root: it then checks as the agent's user and sees what the agent's plugin sees.",
    lines: ['sudo {program} check'],
  },
  check_in_namespace: { lines: ['sudo nsenter --net=/proc/{pid}/ns/net {program} check'] },
  check_installed: { lines: ['sudo {installed} check'] },
  install_plugin: { note: 'Install the plugin there.' },
  install_plugin_below: { note: 'Install the plugin there: install.sh --prefix {prefix}' },
  start_agent: { lines: ['sudo systemctl start netdata'] },
  start_agent_below: { note: 'Start the agent below {prefix}.' },
  check_later: { note: 'Check again in {wait} s.' },
  restart_service: {
    note: "Why is in the agent's log: {log}. The agent starts the plugin again when it is restarted:",
    lines: ['sudo systemctl restart netdata'],
  },
  restart_agent: {
    note: "Why is in the agent's log: {log}. The agent starts the plugin again when it is restarted.",
  },
  look_at_log: { note: "Why is in the agent's log: {log}." },
  turn_plugin_on: {
    note: 'Set this in the section [plugins] of {netdata_conf}, then restart the agent (sudo systemctl restart netdata):',
    lines: ['conntrack = yes'],
  },
  turn_off_builtin_package: {
    note: 'After the restart the plugin draws them in the contexts netfilter.conntrack_*.',
    lines: ['sudo {folder}/conntrack-setup --replace-builtin', 'sudo systemctl restart netdata'],
  },
  turn_off_builtin_below: {
    note: 'The agent must be restarted for that.',
    lines: ['sudo {folder}/conntrack-setup --replace-builtin --prefix {prefix}'],
  },
  turn_off_builtin_script: {
    note: 'Write this into {netdata_conf}, then restart the agent (sudo systemctl restart netdata):',
    lines: ['[plugin:proc]', '    /proc/net/stat/conntrack = no'],
  },
  install_alerts: {
    note: 'Copy health/conntrack.conf of the plugin into {alerts}, then:',
    lines: ['sudo netdatacli reload-health'],
  },
  fix_configuration: { note: 'The plugin will not start until this is fixed; the checks below use the defaults.' },
  let_read_configuration: {
    note: 'The folders above must let that user through, too.',
    lines: ['sudo chgrp {group} {file} && sudo chmod g+r {file}'],
  },

  // Conntrackd.
  start_conntrackd: { lines: ['sudo systemctl start conntrackd'] },
  look_at_conntrackd: {
    note: 'If it is only busy, raise modules.conntrackd.timeout in conntrack.conf.',
    lines: ['systemctl status conntrackd'],
  },
  open_socket: {
    note: "Open it to the agent's group. Whoever may write to it can also flush the connection table and stop conntrackd: do this only if you trust the agent and its plugins with your firewall. The unit must have Type=notify, as Debian's has.",
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

/** What is known on every host. */
export interface Places {
  /** The program that was run, and its folder. */
  readonly program: string;
  readonly folder: string;
  /** The user and the group that the agent's plugins run as. */
  readonly user: string;
  readonly group: string;
  /** Below which the agent is, such as `/`. */
  readonly prefix: string;
  /** The path of the agent's configuration, or words for it; for texts, not for commands. */
  readonly netdata_conf: string;
}

/** The remedies that need no more than that. */
export type PlainRemedy = {
  [Name in RemedyName]: PlacesOf<Name> extends keyof Places ? Name : never;
}[RemedyName];

/**
 * A remedy for this host. Where a shell could take a place for something else, whatever is done, there is nothing to
 * type.
 *
 * @param places all that the remedy names: one that is left out does not compile.
 */
export function remedy<Name extends RemedyName>(name: Name, places: Readonly<Record<PlacesOf<Name>, string>>): Remedy {
  const { lines = [], note }: Template = TEMPLATES[name];
  const filled = lines.map((line) => fillLine(line, places));
  return {
    note: note === undefined ? undefined : fillText(note, places),
    lines: filled.some((line) => line === undefined) ? [] : filled.filter((line) => line !== undefined),
  };
}

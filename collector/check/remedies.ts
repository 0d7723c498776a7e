/** How to fix what `check` finds, other than the problems of modules. Data: a name, a note, and commands. */

import type { Template } from './remedy.ts';

/** The last of the files that set the same thing counts, so these come after `override.conf` of `systemctl edit`. */
const DROP_IN = '/etc/systemd/system/netdata.service.d';
const RESTART = 'sudo systemctl daemon-reload && sudo systemctl restart netdata';
/** In this order: chown removes the capability, and before chmod every user could run the program with it. */
const LET_RUN = ['sudo chown root:{group} {program}', 'sudo chmod 0750 {program}'] as const;
const SET_CAPABILITY = 'sudo setcap {capabilities} {program}';
const PARENTS = 'That user also needs `x` permission on every parent directory.';
/** Also for problems of modules. At boot, the setting does not exist before the module is loaded. */
export const PERSIST =
  'To keep it after a reboot, also set it in a file in /etc/sysctl.d, and list nf_conntrack in one in /etc/modules-load.d.';
const LOG = "Look for the reason in the agent's log: {log}.";

export const REMEDIES = {
  turn_acct_on: { note: PERSIST, lines: ['sudo sysctl -w net.netfilter.nf_conntrack_acct=1'] },
  lift_namespace: { note: 'A user namespace or a security module blocks it: run the agent outside of that.' },

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
  add_both_to_container: {
    note: 'Add both to the service or the container, which is started with:',
    lines: ['--cap-add NET_ADMIN --cap-add SYS_ADMIN'],
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
      `printf '[Service]\\nCapabilityBoundingSet=CAP_NET_ADMIN\\n' | sudo tee ${DROP_IN}/zz-conntrack.conf`,
      RESTART,
    ],
  },
  widen_bounding_set_by_both: {
    note: 'Add both to the bounding set of the service, but only if `systemctl show netdata -p CapabilityBoundingSet` lists capabilities without cap_sys_admin: otherwise this would remove all others.',
    lines: [
      `sudo mkdir -p ${DROP_IN}`,
      `printf '[Service]\\nCapabilityBoundingSet=CAP_NET_ADMIN CAP_SYS_ADMIN\\n' | sudo tee ${DROP_IN}/zz-conntrack.conf`,
      RESTART,
    ],
  },
  let_agent_have_capability: { note: 'Start the agent with {names} in its bounding set.' },
  allow_new_privileges: {
    note: 'Turn NoNewPrivileges off for the service:',
    lines: [
      `sudo mkdir -p ${DROP_IN}`,
      `printf '[Service]\\nNoNewPrivileges=no\\n' | sudo tee ${DROP_IN}/zz-conntrack-privileges.conf`,
      RESTART,
    ],
  },
  let_agent_pass_on_capability: { note: 'Start the agent without no_new_privs.' },

  show_processes: {
    note: "Exempt the agent's group from the mount option hidepid. To keep it after a reboot, set it in /etc/fstab.",
    lines: ['sudo mount -o remount,gid={gid} /proc'],
  },

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
  // netdatacli does not reach an agent with a private /tmp, such as Debian's.
  install_alerts: {
    note: 'Install the plugin again, or copy its health/conntrack.conf to {alerts} and restart the agent.',
  },
  fix_configuration: { note: 'The plugin will not start until this is fixed; the checks below use the defaults.' },
  let_read_configuration: {
    note: PARENTS,
    lines: ['sudo chgrp {group} {file} && sudo chmod g+r {file}'],
  },
} as const satisfies Readonly<Record<string, Template>>;

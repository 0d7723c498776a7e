/** What docs/troubleshooting.md says about the problems of modules, from their table. */

import { PROBLEMS, type ProblemCode } from '../../collector/modules/problem.ts';
import { codes, table } from './markdown.ts';

/** What there is to know beyond the message and the fix. */
const NOTES: Readonly<Record<ProblemCode, string>> = {
  tracking_not_loaded:
    'Nothing to do if intended: the charts appear when it is loaded. Without `enabled: yes`, only module `stat` logs it.',
  no_capability:
    'See [privileges](privileges.md). To do without it, set `enabled` of the module to `no`, or `modules.stat.read_from` to `procfs`; then nothing is logged.',
  other_namespace:
    '[Run the container with `--network host`](containers.md). For `sockets` this only saves CPU time, unless `read_from` is `netlink`: from procfs it counts the sockets of the host anyway.',
  namespace_gone: 'Nothing to do: its charts become obsolete after a minute.',
  namespace_closed:
    'See [privileges](privileges.md). A network namespace with a process of its own needs no privilege.',
  namespace_hidden: 'Docker keeps its namespaces in a directory that only root can search.',
  library_unusable:
    "The directory `conntrack-koffi` beside the plugin is missing, of another architecture, or not readable for the agent's user.",
  library_untrusted:
    'Users other than root can write to the directory `conntrack-koffi` or to a parent directory; the message names it. `chown` and `chmod` it.',
  no_ctnetlink: 'To have it after a reboot, list it in `/etc/modules-load.d`.',
  no_sock_diag:
    'To have them after a reboot, list them in `/etc/modules-load.d`. Some kernels are built without them: stay with procfs then.',
  sock_diag_blocked:
    "Check `RestrictAddressFamilies` of the agent's unit, the seccomp profile of the container, and SELinux or AppArmor.",
  malformed_reply: 'Include the log line.',
  events_off: '`2`, the default of current kernels, turns them on too.',
  events_missing:
    'The number of entries grew by 50 or more without an event. If a rule suppresses events on purpose, set `modules.events.enabled` to `no`.',
  events_too_many:
    'An event is one connection created or destroyed. The plugin listens again after 30 seconds. Raise `modules.events.receive_buffer` too, or turn `events` off.',
  events_overrun:
    'Events were lost for five seconds in a row. The plugin listens again after 30 seconds. Check whether the process gets enough CPU time.',
  small_receive_buffer:
    'The plugin runs in its own user namespace; `asked=` is the requested size. It reads more often instead, but a sudden burst can be lost. Set `net.core.rmem_max=67108864` on the host, or a smaller `modules.events.receive_buffer`.',
  no_statistics_file: 'The option is off by default since Linux 5.15.65. See [privileges](privileges.md).',
  file_missing: 'A file in `/proc` is missing; the message names it.',
  file_denied: "The agent's user cannot read a file in `/proc`; the message names it.",
  malformed_file: 'Report it, with the log line.',
  conntrackd_down:
    'No process listens on the socket in `path=`. Logged for a daemon that answered before, is configured, or is required by `enabled: yes`. See [conntrackd_down](alerts.md#conntrackd_down).',
  conntrackd_unresponsive: 'See [conntrackd_down](alerts.md#conntrackd_down).',
  conntrackd_denied:
    '[Give the plugin access](conntrackd.md#give-the-plugin-access), or set `modules.conntrackd.enabled` to `no`.',
  conntrackd_failed: 'Often `path=` is not the socket of conntrackd.',
  conntrackd_malformed:
    'A release with another output format, or another program on that socket. This reply is not charted. Report it, with the log line and the output of `conntrackd -s` for that request.',
  system_error: 'Any other error of the system, with the operation that failed; `errno=` is its code.',
  defect: 'Include the log line.',
};

/** Every problem, in the order of its table; `…` marks what varies. */
export function problemTable(): string {
  return table(
    ['Code', 'Message', 'Fix', 'Notes'],
    Object.entries(PROBLEMS).map(([code, kind]) => [
      codes([code]),
      codes([kind.message.replace('{detail}', '…')]),
      'fix' in kind ? kind.fix : '',
      NOTES[code as ProblemCode],
    ]),
  );
}

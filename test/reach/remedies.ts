/** Which remedies `check` can print in the guest, and which were seen there. */

import { PROBLEM_REMEDIES } from '../../collector/check/problem_remedies.ts';
import { REMEDIES } from '../../collector/check/remedies.ts';
import type { Template } from '../../collector/check/remedy.ts';
import { commandsOf, type Round } from './results.ts';

const SCRIPT = 'only for a script that Node.js runs';
const CONTAINER = 'only in a container';
const NO_SERVICE = 'only for an agent that is not the service netdata';
const NO_COMMAND = 'a note that names no command';
const SANDBOX = 'only where check itself is in a sandbox';
const LOAD = 'only under a load that check does not see in its few seconds';

/** Why `check` does not print the other remedies in the guest. One whose text is part of that of another counts as printed. */
export const UNSEEN = {
  lift_namespace: SANDBOX,
  take_capability: SCRIPT,
  install_package: SCRIPT,
  install_elsewhere: `${NO_COMMAND}, for a file system that is mounted nosuid`,
  add_to_container: CONTAINER,
  add_both_to_container: CONTAINER,
  let_agent_have_capability: NO_SERVICE,
  let_agent_pass_on_capability: NO_SERVICE,
  install_setpriv: 'only without util-linux, which Debian does not run without',
  let_run_node: SCRIPT,
  install_plugin: `${NO_COMMAND}, of a copy whose package is not installed`,
  install_plugin_below: NO_SERVICE,
  start_agent_below: NO_SERVICE,
  restart_agent: NO_SERVICE,
  turn_off_builtin_below: NO_SERVICE,
  turn_off_builtin_script: 'only where conntrack-setup is not next to the program',
  other_namespace: CONTAINER,
  namespace_hidden: `${NO_COMMAND}, for the directories of container runtimes`,
  library_untrusted: `${NO_COMMAND}, and packages install it safely`,
  sock_diag_blocked: SANDBOX,
  malformed_reply: NO_COMMAND,
  events_too_many: LOAD,
  events_overrun: LOAD,
  small_receive_buffer: 'only in a user namespace',
  no_statistics_file: "only on kernels without it, unlike Debian's",
  defect: NO_COMMAND,
} as const;

/** The names of the remedies whose note and commands are in none of these runs. */
export function unseenIn(rounds: readonly Round[]): readonly string[] {
  const seen = rounds.map((round) => ({ text: flat(round.report), commands: commandsOf(round) }));
  const all: readonly (readonly [name: string, template: Template | undefined])[] = [
    ...Object.entries(REMEDIES),
    ...Object.entries(PROBLEM_REMEDIES),
  ];
  return all.flatMap(([name, template]) => {
    if (template === undefined) return [];
    const { lines = [], note = '' } = template;
    const isSeen = seen.some(
      ({ commands, text }) =>
        pattern(flat(note)).test(text) &&
        lines.every((line) => commands.some((command) => pattern(line, '^', '$').test(command))),
    );
    return isSeen ? [] : [name];
  });
}

function flat(text: string): string {
  return text.replace(/\s+/g, ' ');
}

/** Matches a text with any values for its placeholders. */
function pattern(text: string, before = '', after = ''): RegExp {
  const parts = text.split(/\{[a-z_]+\}/).map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`${before}${parts.join('.+?')}${after}`);
}

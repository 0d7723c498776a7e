/**
 * Whether this process, which was started as the agent starts its plugin, and the plugins of the running agent have
 * CAP_NET_ADMIN. The kernel grants it to a program whose file carries it, unless the mount is nosuid, or the starting
 * process lacks it in its bounding set or has no_new_privs.
 * Source: capabilities(7), prctl(2) PR_SET_NO_NEW_PRIVS, proc_pid_mountinfo(5).
 */

import type { AgentProcess } from './agent_processes.ts';
import type { ProcessStatus } from './process.ts';
import { type Places, remedy } from './remedy.ts';
import { type Finding, fault, hint, type PrivilegeSection } from './report.ts';

/** Codes for an agent that cannot pass it on, so that a module that needs it fails there even if it works here. */
export const AGENT_BOUNDED = 'agent_bounded';
export const AGENT_NO_NEW_PRIVILEGES = 'agent_no_new_privileges';
/** Code for a capability that only the agent's plugins have. */
export const AMBIENT = 'ambient';

export interface PrivilegeFacts {
  /** The modules that need it. */
  readonly neededBy: readonly string[];
  /** This process. */
  readonly own: ProcessStatus | undefined;
  /** The running agent. */
  readonly agent: Pick<AgentProcess, 'isService' | 'status'> | undefined;
  /** Whether the program is a native executable, whose file can have capabilities. */
  readonly packaged: boolean;
  /** Mount point of the program's file system, if that is nosuid. */
  readonly nosuid: string | undefined;
  readonly places: Places;
}

export function judgePrivilege(facts: PrivilegeFacts): PrivilegeSection {
  const { neededBy, own } = facts;
  const permitted = own?.permitted;
  const findings = [...(permitted === false ? [whyLacking(facts)] : []), ...agentFaults(facts)];
  return { needed_by: neededBy, permitted, findings: neededBy.length === 0 ? [] : findings };
}

/** Why this process lacks it. */
function whyLacking(facts: PrivilegeFacts): Finding {
  const { agent, nosuid, own, packaged, places } = facts;
  // An ambient capability needs no file, but only children of the agent have it.
  if (agent?.status.ambient === true) {
    const text = 'the agent passes CAP_NET_ADMIN to its plugins as an ambient capability, which this check lacks';
    return hint(AMBIENT, text, remedy('check_with_ambient', places));
  }
  if (own?.bounding === false) {
    const text = "CAP_NET_ADMIN is not in this process's bounding set";
    return fault('bounded', text, remedy('add_to_container', places));
  }
  if (own?.uid === 0) return fault('lacking', 'root lacks CAP_NET_ADMIN here', remedy('add_to_container', places));
  if (!packaged) return fault('script', 'the program is a Node.js script', remedy('install_package', places));
  if (nosuid !== undefined) {
    const text = `${nosuid} is mounted nosuid, which disables the capabilities of files`;
    return fault('nosuid', text, remedy('install_elsewhere', places));
  }
  return fault('lacking', 'the program lacks CAP_NET_ADMIN', remedy('set_capability', places));
}

/** Why the agent cannot pass it on. */
function agentFaults({ agent, own, places }: PrivilegeFacts): Finding[] {
  // If this process cannot have it either, that is the problem to fix.
  if (agent === undefined || agent.status.ambient === true || own?.bounding === false) return [];
  const { isService, status } = agent;
  const faults: Finding[] = [];
  if (status.bounding === false) {
    const text = "the agent's bounding set lacks CAP_NET_ADMIN, so its plugins lack it too";
    const name = isService ? 'widen_bounding_set' : 'let_agent_have_capability';
    faults.push(fault(AGENT_BOUNDED, text, remedy(name, places)));
  }
  // A plugin of root needs to gain nothing.
  if (status.noNewPrivileges && status.uid !== 0) {
    const text = 'NoNewPrivileges is set, so plugins cannot gain capabilities';
    const name = isService ? 'allow_new_privileges' : 'let_agent_pass_on_capability';
    faults.push(fault(AGENT_NO_NEW_PRIVILEGES, text, remedy(name, places)));
  }
  return faults;
}

/**
 * The mount point of a path, if its file system is mounted nosuid.
 *
 * @param mountinfo the text of `/proc/self/mountinfo`.
 * @param path absolute, without links.
 */
export function nosuidMount(mountinfo: string, path: string): string | undefined {
  let found = { point: '', isNosuid: false };
  for (const line of mountinfo.split('\n')) {
    const [, , , , escaped, options] = line.split(' ');
    if (escaped === undefined || options === undefined) continue;
    const point = escaped.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)));
    const isAbove = point === '/' || path === point || path.startsWith(`${point}/`);
    // A later mount at the same place hides the earlier one.
    if (isAbove && point.length >= found.point.length)
      found = { point, isNosuid: options.split(',').includes('nosuid') };
  }
  return found.isNosuid ? found.point : undefined;
}

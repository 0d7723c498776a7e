/**
 * Whether the plugin gets CAP_NET_ADMIN: whether this process has it, which began as the agent's plugin begins, and
 * whether the agent that runs hands it on. The kernel gives it to a program whose file carries it, unless the mount is
 * nosuid, or whoever starts the program has it not in its bounding set, or must gain no privileges.
 * Source: capabilities(7), prctl(2) PR_SET_NO_NEW_PRIVS.
 */

import type { AgentProcess } from './agent_process.ts';
import type { ProcessStatus } from './process.ts';
import { type Places, type PlainRemedy, remedy } from './remedies.ts';
import type { Finding, PrivilegeSection } from './report.ts';

/** The codes of what keeps the agent from handing it on; a module that needs it fails there, whatever it did here. */
export const AGENT_BOUNDED = 'agent_bounded';
export const AGENT_NO_NEW_PRIVILEGES = 'agent_no_new_privileges';
/** The code of the finding that only the agent's plugins have the capability. */
export const AMBIENT = 'ambient';

export interface PrivilegeFacts {
  /** The modules that need it. */
  readonly neededBy: readonly string[];
  /** This process. */
  readonly own: ProcessStatus | undefined;
  /** The agent that runs. */
  readonly agent: AgentProcess | undefined;
  /** Whether the program can have capabilities of its own. */
  readonly packaged: boolean;
  /** Where the program's file system is mounted, if that is nosuid. */
  readonly nosuid: string | undefined;
  readonly places: Places;
}

export function judgePrivilege(facts: PrivilegeFacts): PrivilegeSection {
  const { neededBy, own } = facts;
  const permitted = own?.permitted;
  if (neededBy.length === 0) return { needed_by: neededBy, permitted, findings: [] };
  return {
    needed_by: neededBy,
    permitted,
    findings: [...(permitted === false ? [whyLacking(facts)] : []), ...agentFaults(facts)],
  };
}

/** Why this process has it not. */
function whyLacking(facts: PrivilegeFacts): Finding {
  const { agent, nosuid, own, packaged } = facts;
  // What the agent hands on as an ambient capability needs no file, but whoever else starts the program has it not.
  if (agent?.status.ambient === true) {
    const text = 'the agent hands the capability on to its plugins, but not to this check';
    return { ...fault(facts, AMBIENT, text, 'check_with_ambient'), severity: 'hint' };
  }
  if (own?.bounding === false) {
    return fault(facts, 'bounded', 'this process cannot have CAP_NET_ADMIN', 'add_to_container');
  }
  if (own?.uid === 0) return fault(facts, 'lacking', 'root has no CAP_NET_ADMIN here', 'add_to_container');
  if (!packaged) return fault(facts, 'script', 'the program is a script of Node.js', 'install_package');
  if (nosuid !== undefined) {
    const text = 'the file system allows no capabilities';
    return { severity: 'fault', code: 'nosuid', text, remedy: remedy('install_elsewhere', { mount: nosuid }) };
  }
  return fault(facts, 'lacking', 'the program lacks the capability CAP_NET_ADMIN', 'set_capability');
}

/** Why the agent cannot hand it on. */
function agentFaults(facts: PrivilegeFacts): Finding[] {
  const { agent, own } = facts;
  // Where this process cannot have it either, that is what is to be mended.
  if (agent === undefined || agent.status.ambient === true || own?.bounding === false) return [];
  const { isService, status } = agent;
  const faults: Finding[] = [];
  if (status.bounding === false) {
    const text = 'the agent starts its plugins without CAP_NET_ADMIN';
    faults.push(fault(facts, AGENT_BOUNDED, text, isService ? 'widen_bounding_set' : 'let_agent_have_capability'));
  }
  // What root has already is not gained.
  if (status.noNewPrivileges && status.uid !== 0) {
    const text = 'the agent lets its plugins gain no capability';
    const name = isService ? 'allow_new_privileges' : 'let_agent_hand_on_capability';
    faults.push(fault(facts, AGENT_NO_NEW_PRIVILEGES, text, name));
  }
  return faults;
}

function fault({ places }: PrivilegeFacts, code: string, text: string, name: PlainRemedy): Finding {
  return { severity: 'fault', code, text, remedy: remedy(name, places) };
}

/**
 * Whether this process, which was started as the agent starts its plugin, and the plugins of the running agent have their
 * capabilities: CAP_NET_ADMIN if a module needs it, CAP_SYS_ADMIN if it was granted. The kernel gives them to a program
 * whose file carries them, unless the mount is nosuid, or the starting process lacks them in its bounding set or has
 * no_new_privs.
 * Source: capabilities(7), prctl(2) PR_SET_NO_NEW_PRIVS, proc_pid_mountinfo(5).
 */

import type { AgentProcess } from './agent_processes.ts';
import { capabilityNames, NET_ADMIN, SYS_ADMIN } from './capability.ts';
import type { ProcessStatus } from './process.ts';
import { type Places, remedy } from './remedy.ts';
import { type Finding, fault, hint, type PrivilegeSection } from './report.ts';

/** Codes for an agent that cannot pass CAP_NET_ADMIN on: a module that needs it fails there even if it works here. */
export const AGENT_BOUNDED = 'agent_bounded';
export const AGENT_NO_NEW_PRIVILEGES = 'agent_no_new_privileges';
/** Code for a capability that only the agent's plugins have. */
export const AMBIENT = 'ambient';

export interface PrivilegeFacts {
  /** The modules that need CAP_NET_ADMIN. */
  readonly neededBy: readonly string[];
  /** The capabilities that the program's file permits, one bit each. */
  readonly granted: bigint;
  /** Whether the configuration names network namespaces to watch, so that lacking CAP_SYS_ADMIN is a fault. */
  readonly isIncluding: boolean;
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
  const { granted, neededBy, own } = facts;
  const wanted = (neededBy.length > 0 ? NET_ADMIN : 0n) | (granted & SYS_ADMIN);
  const lacking = wanted & ~(own?.permitted ?? wanted);
  const has = (capability: bigint): boolean | undefined =>
    own?.permitted === undefined ? undefined : (own.permitted & capability) !== 0n;
  return {
    needed_by: neededBy,
    permitted: has(NET_ADMIN),
    sys_admin: { granted: (granted & SYS_ADMIN) !== 0n, permitted: has(SYS_ADMIN) },
    findings: [...(lacking === 0n ? [] : [whyLacking(lacking, facts)]), ...agentFindings(wanted, facts)],
  };
}

/** A fault, unless only CAP_SYS_ADMIN is lacking and no namespace is asked for by name. */
function severityOf(lacking: bigint, { isIncluding }: Pick<PrivilegeFacts, 'isIncluding'>): typeof fault {
  return lacking === SYS_ADMIN && !isIncluding ? hint : fault;
}

/** Why this process lacks capabilities. */
function whyLacking(lacking: bigint, facts: PrivilegeFacts): Finding {
  const { agent, nosuid, own, packaged, places } = facts;
  const names = capabilityNames(lacking);
  const finding = severityOf(lacking, facts);
  // An ambient capability needs no file, but only children of the agent have it.
  if (isAmbient(agent?.status) && (lacking & NET_ADMIN) !== 0n) {
    const text = 'the agent passes CAP_NET_ADMIN to its plugins as an ambient capability, which this check lacks';
    return hint(AMBIENT, text, remedy('check_with_ambient', places));
  }
  const add = remedy((lacking & SYS_ADMIN) === 0n ? 'add_to_container' : 'add_both_to_container', places);
  if (own?.bounding !== undefined && (lacking & ~own.bounding) !== 0n) {
    return finding('bounded', `this process's bounding set lacks ${names}`, add);
  }
  if (own?.uid === 0) return finding('lacking', `root lacks ${names} here`, add);
  if (!packaged) return finding('script', 'the program is a Node.js script', remedy('install_package', places));
  if (nosuid !== undefined) {
    const text = `${nosuid} is mounted nosuid, which disables the capabilities of files`;
    return finding('nosuid', text, remedy('install_elsewhere', places));
  }
  return finding('lacking', `the program lacks ${names}`, remedy('set_capability', places));
}

/** Why the agent cannot pass on the capabilities in `wanted`. */
function agentFindings(wanted: bigint, { agent, own, ...facts }: PrivilegeFacts): Finding[] {
  if (agent === undefined || isAmbient(agent.status)) return [];
  // What this process cannot have either is the problem to fix first.
  const possible = wanted & (own?.bounding ?? wanted);
  return [...boundingFindings(possible, agent, facts), ...restrictionFindings(possible, agent, facts)];
}

type Running = NonNullable<PrivilegeFacts['agent']>;
type Judged = Pick<PrivilegeFacts, 'isIncluding' | 'places'>;

function boundingFindings(wanted: bigint, { isService, status }: Running, facts: Judged): Finding[] {
  const lacking = wanted & ~(status.bounding ?? wanted);
  if (lacking === 0n) return [];
  const { places } = facts;
  const names = capabilityNames(lacking);
  const code = (lacking & NET_ADMIN) === 0n ? `${AGENT_BOUNDED}_sys_admin` : AGENT_BOUNDED;
  const text = `the bounding set of the agent, and so of its plugins, lacks ${names}`;
  const widen = (lacking & SYS_ADMIN) === 0n ? 'widen_bounding_set' : 'widen_bounding_set_by_both';
  const fix = isService ? remedy(widen, places) : remedy('let_agent_have_capability', { ...places, names });
  return [severityOf(lacking, facts)(code, text, fix)];
}

function restrictionFindings(wanted: bigint, { isService, status }: Running, facts: Judged): Finding[] {
  // A plugin of root needs to gain nothing.
  if (wanted === 0n || !status.noNewPrivileges || status.uid === 0) return [];
  const text = 'NoNewPrivileges is set, so plugins cannot gain capabilities';
  const name = isService ? 'allow_new_privileges' : 'let_agent_pass_on_capability';
  return [severityOf(wanted, facts)(AGENT_NO_NEW_PRIVILEGES, text, remedy(name, facts.places))];
}

function isAmbient(status: ProcessStatus | undefined): boolean {
  return ((status?.ambient ?? 0n) & NET_ADMIN) !== 0n;
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

/**
 * Who has CAP_NET_ADMIN: this process, which was started as the agent starts its plugin; the plugins of the running agent;
 * and no other user. The kernel grants it to a program whose file carries it, unless the mount is nosuid, or the starting
 * process lacks it in its bounding set or has no_new_privs.
 * Source: capabilities(7), prctl(2) PR_SET_NO_NEW_PRIVS, proc_pid_mountinfo(5).
 */

import { CAP_NET_ADMIN } from '../procfs/credentials.ts';
import type { Account } from './accounts.ts';
import type { AgentProcess } from './agent_processes.ts';
import { attempt, type CheckFileSystem } from './files.ts';
import type { ProcessStatus } from './process.ts';
import { type Places, remedy } from './remedies.ts';
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
  readonly agent: AgentProcess | undefined;
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
    const name = isService ? 'allow_new_privileges' : 'let_agent_hand_on_capability';
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

/** The extended attribute that holds a file's capabilities, and its maximum size in bytes. */
export const CAPABILITY_ATTRIBUTE = 'security.capability';
export const CAPABILITY_SIZE = 24;

const BY_OTHERS = 0o001;
const BY_GROUP = 0o010;

/**
 * Whether a file permits CAP_NET_ADMIN. In every revision of the attribute, the first 32 permitted capabilities are the
 * little-endian number at byte 4. Source: linux/capability.h, `struct vfs_cap_data`.
 */
export function permitsNetAdmin(attribute: Uint8Array): boolean {
  return (((attribute[4 + (CAP_NET_ADMIN >> 3)] ?? 0) >> (CAP_NET_ADMIN & 7)) & 1) === 1;
}

export interface ExposureFacts {
  readonly fs: CheckFileSystem;
  /** Reads the capability attribute of a file; `undefined` if it has none, or cannot be read. */
  readonly capabilities: (path: string) => Uint8Array | undefined;
  /** The files that may have the capability, without links. */
  readonly programs: readonly string[];
  /** Node.js, if it runs the program as a script. */
  readonly interpreter: string | undefined;
  /** The agent's user; if unknown, groups are not checked. */
  readonly account: Account | undefined;
  readonly places: Places;
}

/** Programs whose file has CAP_NET_ADMIN although users other than root and the agent's can run it. */
export function exposed(facts: ExposureFacts): Finding[] {
  const { account, capabilities, fs, interpreter, places, programs } = facts;
  return programs.flatMap((path): Finding[] => {
    const attribute = capabilities(path);
    if (attribute === undefined || !permitsNetAdmin(attribute)) return [];
    const who = attempt(() => strangers(fs.statSync(path), account));
    if (who === undefined) return [];
    const fix = path === interpreter ? 'take_capability' : 'set_capability';
    const text = `${who} can run ${path}, which has CAP_NET_ADMIN`;
    return [fault('exposed', text, remedy(fix, { ...places, program: path }))];
  });
}

/** Who can run a file, other than root and the group of the agent's user. */
function strangers(
  { gid, mode, uid }: ReturnType<CheckFileSystem['statSync']>,
  account: Account | undefined,
): string | undefined {
  if ((Number(mode) & BY_OTHERS) !== 0) return 'every user';
  if (Number(uid) !== 0) return `its owner, user ${uid},`;
  const isAgents = account === undefined || Number(gid) === account.gid || Number(gid) === 0;
  return (Number(mode) & BY_GROUP) !== 0 && !isAgents ? `group ${gid}` : undefined;
}

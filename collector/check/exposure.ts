/** Which other users can run a program that has CAP_NET_ADMIN, and so misuse it. */

import { CAP_NET_ADMIN } from '../procfs/credentials.ts';
import type { Account } from './accounts.ts';
import { attempt, type CheckFileSystem } from './files.ts';
import { type Places, remedy } from './remedy.ts';
import { type Finding, fault } from './report.ts';

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
    const who = attempt(() => othersWhoCanRun(fs.statSync(path), account));
    if (who === undefined) return [];
    const fix = path === interpreter ? 'take_capability' : 'set_capability';
    const text = `${who} can run ${path}, which has CAP_NET_ADMIN`;
    return [fault('exposed', text, remedy(fix, { ...places, program: path }))];
  });
}

/** Who can run a file besides root and the group of the agent's user. */
function othersWhoCanRun(
  { gid, mode, uid }: ReturnType<CheckFileSystem['statSync']>,
  account: Account | undefined,
): string | undefined {
  if ((Number(mode) & BY_OTHERS) !== 0) return 'every user';
  if (Number(uid) !== 0) return `its owner, user ${uid},`;
  const isAgents = account === undefined || Number(gid) === account.gid || Number(gid) === 0;
  return (Number(mode) & BY_GROUP) !== 0 && !isAgents ? `group ${gid}` : undefined;
}

/** Programs whose file has CAP_NET_ADMIN although others than root and the agent's plugins can run it. */

import { CAP_NET_ADMIN, hasCapability } from '../procfs/credentials.ts';
import type { Account } from './accounts.ts';
import { attempt, type CheckFileSystem } from './files.ts';
import { type Places, remedy } from './remedies.ts';
import type { Finding } from './report.ts';

/** The extended attribute that holds the capabilities of a file, and its greatest size in bytes. */
export const CAPABILITY_ATTRIBUTE = 'security.capability';
export const CAPABILITY_SIZE = 24;
/** Of `struct vfs_cap_data`: its length in revision 1, with 32 capabilities, and in the later ones, with 64. */
const SHORT = 12;
const LONG = 20;

const BY_OTHERS = 0o001;
const BY_GROUP = 0o010;

/**
 * The capabilities that a file permits the process that runs it, a bit each. Source: linux/capability.h, `struct vfs_cap_data`.
 *
 * @param attribute all numbers in it are little-endian.
 */
export function permittedBy(attribute: Uint8Array): bigint {
  const view = new DataView(attribute.buffer, attribute.byteOffset, attribute.byteLength);
  const low = view.byteLength >= SHORT ? view.getUint32(4, true) : 0;
  const high = view.byteLength >= LONG ? view.getUint32(12, true) : 0;
  return (BigInt(high) << 32n) | BigInt(low);
}

export interface ExposureFacts {
  readonly fs: CheckFileSystem;
  /** The capability attribute of a file, or `undefined` when it has none, or that cannot be read. */
  readonly capabilities: (path: string) => Uint8Array | undefined;
  /** The files that may have the capability, without links. */
  readonly programs: readonly string[];
  /** The one that Node.js is, when it runs the program as a script. */
  readonly interpreter: string | undefined;
  /** The agent's user; a group of unknown users is not judged. */
  readonly account: Account | undefined;
  readonly places: Places;
}

export function exposed(facts: ExposureFacts): Finding[] {
  const { account, capabilities, fs, interpreter, places, programs } = facts;
  return programs.flatMap((path): Finding[] => {
    const attribute = capabilities(path);
    if (attribute === undefined || !hasCapability(permittedBy(attribute), CAP_NET_ADMIN)) return [];
    const who = attempt(() => strangers(fs.statSync(path), account));
    if (who === undefined) return [];
    const text = `${who} can run ${path}, which has CAP_NET_ADMIN`;
    const fix = path === interpreter ? 'take_capability' : 'close_program';
    return [{ severity: 'fault', code: 'exposed', text, remedy: remedy(fix, { ...places, exposed: path }) }];
  });
}

/** Who can run a file of these modes beside root and the group of the agent's user. */
function strangers(
  { gid, mode, uid }: ReturnType<CheckFileSystem['statSync']>,
  account: Account | undefined,
): string | undefined {
  if ((Number(mode) & BY_OTHERS) !== 0) return 'every user';
  if (Number(uid) !== 0) return `its owner, user ${uid},`;
  const isAgents = account === undefined || Number(gid) === account.gid || Number(gid) === 0;
  return (Number(mode) & BY_GROUP) !== 0 && !isAgents ? `group ${gid}` : undefined;
}

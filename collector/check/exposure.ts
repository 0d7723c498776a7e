/** Which other users can run a program that has the plugin's capabilities, and so misuse them. */

import type { Account } from './accounts.ts';
import { capabilityArgument, capabilityNames, permittedBy } from './capability.ts';
import { attempt, type CheckFileSystem } from './files.ts';
import { type Places, remedy } from './remedy.ts';
import { type Finding, fault } from './report.ts';

const BY_OTHERS = 0o001;
const BY_GROUP = 0o010;

export interface ExposureFacts {
  readonly fs: CheckFileSystem;
  /** Reads the capability attribute of a file; `undefined` if it has none, or cannot be read. */
  readonly capabilities: (path: string) => Uint8Array | undefined;
  /** The files that may have them, without links. */
  readonly programs: readonly string[];
  /** Node.js, if it runs the program as a script. */
  readonly interpreter: string | undefined;
  /** The agent's user; if unknown, groups are not checked. */
  readonly account: Account | undefined;
  readonly places: Places;
}

/** Programs whose file has a capability although users other than root and the agent's can run it. */
export function exposed(facts: ExposureFacts): Finding[] {
  const { account, capabilities, fs, interpreter, places, programs } = facts;
  return programs.flatMap((path): Finding[] => {
    const permitted = permittedBy(capabilities(path));
    const names = capabilityNames(permitted);
    if (names === '') return [];
    const who = attempt(() => othersWhoCanRun(fs.statSync(path), account));
    if (who === undefined) return [];
    const fix = path === interpreter ? 'take_capability' : 'set_capability';
    const text = `${who} can run ${path}, which has ${names}`;
    const own = { ...places, program: path, capabilities: capabilityArgument(permitted) };
    return [fault('exposed', text, remedy(fix, own))];
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

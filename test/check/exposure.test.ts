import { describe, expect, it } from 'vitest';

import { exposed } from '../../collector/check/exposure.ts';
import { filesOf, PLACES, type StatOptions } from '../helpers/check_host.ts';

const PROGRAM = '/p/conntrack.plugin';
const NODE = '/usr/bin/node';
const ACCOUNT = { user: 'agent', uid: 991, group: 'agents', gid: 981, groups: [981, 77] };
/** As `setcap cap_net_admin=p` and `setcap cap_net_bind_service=ep` write it. */
const PERMITS_NET_ADMIN = Buffer.from('0000000200100000000000000000000000000000', 'hex');
/** As `setcap cap_net_admin,cap_sys_admin=p` writes it. */
const PERMITS_BOTH = Buffer.from('0000000200102000000000000000000000000000', 'hex');
const PERMITS_NET_BIND = Buffer.from('0100000200040000000000000000000000000000', 'hex');

/** The findings on a file with these attributes, for an agent of the group 981. */
function findingsOn(stat: StatOptions, attribute: Uint8Array | undefined = PERMITS_NET_ADMIN, account = true) {
  return exposed({
    fs: filesOf({ [PROGRAM]: '', [NODE]: '' }, {}, { [PROGRAM]: { gid: 981, ...stat } }),
    capabilities: (path) => (path === PROGRAM ? attribute : undefined),
    programs: [NODE, PROGRAM, '/missing'],
    interpreter: NODE,
    account: account ? ACCOUNT : undefined,
    places: PLACES,
  });
}

describe('a file with CAP_NET_ADMIN', () => {
  it.each<[string, StatOptions]>([
    ["root and the agent's group", { mode: 0o100750 }],
    ['root alone', { mode: 0o100700, gid: 55 }],
    ['root and its group', { mode: 0o100750, gid: 0 }],
    ['root and its owner', { mode: 0o100740, gid: 55 }],
  ])('may be executable for %s', (_, stat) => {
    expect(findingsOn(stat)).toEqual([]);
  });

  it.each<[string, StatOptions]>([
    ['every user', { mode: 0o100755 }],
    ['every user', { mode: 0o100751 }],
    ['its owner, user 7,', { mode: 0o100750, uid: 7 }],
    ['group 55', { mode: 0o100750, gid: 55 }],
    ['group 77', { mode: 0o100750, gid: 77 }],
  ])('must not be executable for %s (%j): the remedy sets the owner first and the capability last', (who, stat) => {
    expect(findingsOn(stat)).toEqual([
      {
        severity: 'fault',
        code: 'exposed',
        text: `${who} can run ${PROGRAM}, which has CAP_NET_ADMIN`,
        remedy: {
          note: undefined,
          lines: [
            `sudo chown root:agents ${PROGRAM}`,
            `sudo chmod 0750 ${PROGRAM}`,
            `sudo setcap cap_net_admin=p ${PROGRAM}`,
          ],
        },
      },
    ]);
  });

  it('with CAP_SYS_ADMIN too is named with both, and keeps both', () => {
    const [finding] = findingsOn({ mode: 0o100755 }, PERMITS_BOTH);
    expect(finding?.text).toBe(`every user can run ${PROGRAM}, which has CAP_NET_ADMIN and CAP_SYS_ADMIN`);
    expect(finding?.remedy?.lines.at(-1)).toBe(`sudo setcap cap_net_admin,cap_sys_admin=p ${PROGRAM}`);
  });

  it('may be executable for any group if the agent is unknown', () => {
    expect(findingsOn({ mode: 0o100750, gid: 55 }, PERMITS_NET_ADMIN, false)).toEqual([]);
    expect(findingsOn({ mode: 0o100755 }, PERMITS_NET_ADMIN, false)).toHaveLength(1);
  });

  it('must not be Node.js: the remedy removes the capability', () => {
    const [finding] = exposed({
      fs: filesOf({ [NODE]: '' }, {}, { [NODE]: { mode: 0o100755 } }),
      capabilities: () => PERMITS_NET_ADMIN,
      programs: [NODE],
      interpreter: NODE,
      account: ACCOUNT,
      places: PLACES,
    });
    expect(finding?.remedy?.lines).toEqual([`sudo setcap -r ${NODE}`]);
  });
});

describe('a file without CAP_NET_ADMIN', () => {
  it.each([[undefined], [PERMITS_NET_BIND]])('may be executable for every user (%j)', (attribute) => {
    const all = exposed({
      fs: filesOf({ [PROGRAM]: '' }, {}, { [PROGRAM]: { mode: 0o100755 } }),
      capabilities: () => attribute,
      programs: [PROGRAM],
      interpreter: undefined,
      account: ACCOUNT,
      places: PLACES,
    });
    expect(all).toEqual([]);
  });
});

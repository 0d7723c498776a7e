import { describe, expect, it } from 'vitest';

import { exposed, permittedBy } from '../../collector/check/exposure.ts';
import { filesOf, PLACES, type StatOptions } from '../helpers/check_host.ts';

const PROGRAM = '/p/conntrack.plugin';
const NODE = '/usr/bin/node';
const ACCOUNT = { user: 'agent', uid: 991, group: 'agents', gid: 981, groups: [981, 77] };
/** As `setcap cap_net_admin=p` and `setcap cap_net_bind_service=ep` write it. */
const NET_ADMIN = Buffer.from('0000000200100000000000000000000000000000', 'hex');
const NET_BIND = Buffer.from('0100000200040000000000000000000000000000', 'hex');

/** What is found of a file of that kind, for an agent of the group 981. */
function found(stat: StatOptions, attribute: Uint8Array | undefined = NET_ADMIN, account = true) {
  return exposed({
    fs: filesOf({ [PROGRAM]: '', [NODE]: '' }, {}, { [PROGRAM]: { gid: 981, ...stat } }),
    capabilities: (path) => (path === PROGRAM ? attribute : undefined),
    programs: [NODE, PROGRAM, '/missing'],
    interpreter: NODE,
    account: account ? ACCOUNT : undefined,
    places: PLACES,
  });
}

describe('the capabilities of a file', () => {
  it('are those that it permits, of 64 or of 32', () => {
    expect(permittedBy(NET_ADMIN)).toBe(1n << 12n);
    expect(permittedBy(NET_BIND)).toBe(1n << 10n);
    expect(permittedBy(NET_ADMIN.subarray(0, 12))).toBe(1n << 12n);
    expect(permittedBy(Buffer.from('000000020000000000000000010000000000000000000000', 'hex'))).toBe(1n << 32n);
    expect(permittedBy(new Uint8Array(0))).toBe(0n);
  });
});

describe('a file with CAP_NET_ADMIN', () => {
  it.each<[string, StatOptions]>([
    ["root and the agent's group", { mode: 0o100750 }],
    ['root alone', { mode: 0o100700, gid: 55 }],
    ['root and its group', { mode: 0o100750, gid: 0 }],
    ['nobody of another group', { mode: 0o100740, gid: 55 }],
  ])('that %s can run is no fault', (_, stat) => {
    expect(found(stat)).toEqual([]);
  });

  it.each<[string, StatOptions]>([
    ['every user', { mode: 0o100755 }],
    ['every user', { mode: 0o100751 }],
    ['its owner, user 7,', { mode: 0o100750, uid: 7 }],
    ['group 55', { mode: 0o100750, gid: 55 }],
    ['group 77', { mode: 0o100750, gid: 77 }],
  ])('that %s can run, with %j, is a fault, mended owner first and capability last', (who, stat) => {
    expect(found(stat)).toEqual([
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

  it('of a group is not judged where the agent is not known', () => {
    expect(found({ mode: 0o100750, gid: 55 }, NET_ADMIN, false)).toEqual([]);
    expect(found({ mode: 0o100755 }, NET_ADMIN, false)).toHaveLength(1);
  });

  it('that is Node.js has it taken away', () => {
    const [finding] = exposed({
      fs: filesOf({ [NODE]: '' }, {}, { [NODE]: { mode: 0o100755 } }),
      capabilities: () => NET_ADMIN,
      programs: [NODE],
      interpreter: NODE,
      account: ACCOUNT,
      places: PLACES,
    });
    expect(finding?.remedy?.lines).toEqual([`sudo setcap -r ${NODE}`]);
  });
});

describe('a file without CAP_NET_ADMIN', () => {
  it.each([[undefined], [NET_BIND]])('of the attribute %j may be run by everybody', (attribute) => {
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

import { describe, expect, it } from 'vitest';

import {
  exposed,
  judgePrivilege,
  nosuidMount,
  type PrivilegeFacts,
  permitsNetAdmin,
} from '../../collector/check/privilege.ts';
import { parseStatus } from '../../collector/check/process.ts';
import {
  filesOf,
  NET_ADMIN,
  NONE,
  OTHERS,
  PLACES,
  type StatOptions,
  type StatusOptions,
  statusText,
} from '../helpers/check_host.ts';

const DROP_IN = '/etc/systemd/system/netdata.service.d/conntrack.conf';

/** Judges a packaged program that the agent's user runs. */
function judge(own: StatusOptions, agent?: StatusOptions, facts: Partial<PrivilegeFacts> = {}, isService = true) {
  const status = agent === undefined ? undefined : parseStatus(statusText({ uid: 991, ...agent }));
  return judgePrivilege({
    neededBy: ['events', 'flows'],
    own: parseStatus(statusText({ uid: 991, ...own })),
    agent:
      status === undefined
        ? undefined
        : { pid: 812, status, isKnown: true, program: '/usr/sbin/netdata', isService, isUsual: true },
    packaged: true,
    nosuid: undefined,
    places: PLACES,
    ...facts,
  });
}

const codes = (...of: Parameters<typeof judge>): string[] => judge(...of).findings.map(({ code }) => code);
const lines = (...of: Parameters<typeof judge>): readonly string[] =>
  judge(...of).findings.flatMap(({ remedy }) => remedy?.lines ?? []);

const HAS = { permitted: NET_ADMIN };
const LACKS = { permitted: NONE };

describe('the privilege of this process', () => {
  it('is complete if it is permitted the capability', () => {
    expect(judge(HAS, {})).toEqual({ needed_by: ['events', 'flows'], permitted: true, findings: [] });
  });

  it('is complete without the capability if no module needs it', () => {
    expect(judge(LACKS, { bounding: OTHERS }, { neededBy: [] })).toEqual({
      needed_by: [],
      permitted: false,
      findings: [],
    });
  });

  it('is unknown if its status is hidden', () => {
    expect(judge({}, undefined, { own: undefined })).toMatchObject({ permitted: undefined, findings: [] });
  });

  it('is fixed by chown, chmod and setcap, in this order', () => {
    expect(codes(LACKS)).toEqual(['lacking']);
    expect(lines(LACKS)).toEqual([
      'sudo chown root:agents /p/conntrack.plugin',
      'sudo chmod 0750 /p/conntrack.plugin',
      'sudo setcap cap_net_admin=p /p/conntrack.plugin',
    ]);
  });

  it('cannot be fixed for a script', () => {
    expect(codes(LACKS, undefined, { packaged: false, nosuid: '/p' })).toEqual(['script']);
    expect(lines(LACKS, undefined, { packaged: false })).toEqual([]);
  });

  it('is lost on a file system that is mounted nosuid', () => {
    expect(codes(LACKS, undefined, { nosuid: '/p' })).toEqual(['nosuid']);
    expect(lines(LACKS, undefined, { nosuid: '/p' })).toEqual([]);
    expect(judge(LACKS, undefined, { nosuid: '/p' }).findings[0]?.text).toMatch(/^\/p is mounted nosuid/);
  });

  it('is impossible in a container without the capability', () => {
    expect(codes({ ...LACKS, bounding: OTHERS }, { bounding: OTHERS })).toEqual(['bounded']);
    expect(codes({ ...LACKS, uid: 0 })).toEqual(['lacking']);
    expect(lines({ ...LACKS, uid: 0 })).toEqual(['--cap-add NET_ADMIN']);
  });
});

describe('a running agent', () => {
  it('is at fault if its bounding set lacks the capability', () => {
    expect(codes(HAS, { bounding: OTHERS })).toEqual(['agent_bounded']);
    expect(lines(HAS, { bounding: OTHERS })).toEqual([
      'sudo mkdir -p /etc/systemd/system/netdata.service.d',
      `printf '[Service]\\nCapabilityBoundingSet=CAP_NET_ADMIN\\n' | sudo tee ${DROP_IN}`,
      'sudo systemctl daemon-reload && sudo systemctl restart netdata',
    ]);
  });

  it('is at fault for NoNewPrivileges, unless it runs as root', () => {
    expect(codes(HAS, { noNewPrivileges: 1 })).toEqual(['agent_no_new_privileges']);
    expect(lines(HAS, { noNewPrivileges: 1 })).toContain(
      `printf '[Service]\\nNoNewPrivileges=no\\n' | sudo tee ${DROP_IN.replace('conntrack.conf', 'conntrack-privileges.conf')}`,
    );
    expect(codes(HAS, { noNewPrivileges: 1, uid: 0 })).toEqual([]);
  });

  it('has no systemd commands unless it is a systemd service', () => {
    const { findings } = judge(HAS, { bounding: OTHERS, noNewPrivileges: 1 }, {}, false);
    expect(findings.map(({ code, remedy }) => [code, remedy?.lines])).toEqual([
      ['agent_bounded', []],
      ['agent_no_new_privileges', []],
    ]);
    expect(findings.map(({ remedy }) => remedy?.note)).toEqual([
      'Start the agent with CAP_NET_ADMIN in its bounding set.',
      'Start the agent without no_new_privs.',
    ]);
  });

  it('can be at fault in addition to the program', () => {
    expect(codes(LACKS, { bounding: OTHERS, noNewPrivileges: 1 })).toEqual([
      'lacking',
      'agent_bounded',
      'agent_no_new_privileges',
    ]);
  });

  it('is not at fault for passing on an ambient capability, but the check needs the same', () => {
    expect(judge(LACKS, { ambient: NET_ADMIN }).findings.map(({ severity }) => severity)).toEqual(['hint']);
    expect(codes(LACKS, { ambient: NET_ADMIN, noNewPrivileges: 1 }, { packaged: false })).toEqual(['ambient']);
    expect(lines(LACKS, { ambient: NET_ADMIN })).toEqual([
      'sudo setpriv --reuid agent --regid agents --init-groups ' +
        '--inh-caps +net_admin --ambient-caps +net_admin /p/conntrack.plugin check',
    ]);
    expect(codes(HAS, { ambient: NET_ADMIN })).toEqual([]);
  });
});

const MOUNTS = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 8:2 / /opt rw,nosuid,nodev - ext4 /dev/sda2 rw
24 23 8:3 / /opt/netdata rw,relatime - ext4 /dev/sda3 rw,nosuid
25 22 8:4 / /srv/a\\040b rw,nosuid - ext4 /dev/sda4 rw
26 22 8:5 / /twice rw,nosuid - ext4 /dev/sda5 rw
27 22 8:6 / /twice rw - ext4 /dev/sda6 rw
cut
`;

describe('the nosuid mount', () => {
  it.each([
    ['/usr/lib/netdata/plugins.d/conntrack.plugin', undefined],
    ['/opt/conntrack.plugin', '/opt'],
    ['/optional/conntrack.plugin', undefined],
    ['/opt/netdata/usr/conntrack.plugin', undefined],
    ['/srv/a b/conntrack.plugin', '/srv/a b'],
    ['/twice/conntrack.plugin', undefined],
  ])('of %s is at %s', (path, mount) => {
    expect(nosuidMount(MOUNTS, path)).toBe(mount);
  });

  it('is unknown without a list of mounts', () => {
    expect(nosuidMount('', '/opt/conntrack.plugin')).toBeUndefined();
  });

  it('can be the root', () => {
    expect(nosuidMount('22 1 8:1 / / rw,nosuid - ext4 /dev/sda1 rw\n', '/a')).toBe('/');
  });
});

const PROGRAM = '/p/conntrack.plugin';
const NODE = '/usr/bin/node';
const ACCOUNT = { user: 'agent', uid: 991, group: 'agents', gid: 981, groups: [981, 77] };
/** As `setcap cap_net_admin=p` and `setcap cap_net_bind_service=ep` write it. */
const PERMITS_NET_ADMIN = Buffer.from('0000000200100000000000000000000000000000', 'hex');
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

describe('the capability attribute of a file', () => {
  it('permits CAP_NET_ADMIN if that bit of the first 32 permitted capabilities is set, in every revision', () => {
    expect(permitsNetAdmin(PERMITS_NET_ADMIN)).toBe(true);
    expect(permitsNetAdmin(PERMITS_NET_ADMIN.subarray(0, 12))).toBe(true);
    expect(permitsNetAdmin(PERMITS_NET_BIND)).toBe(false);
    // Capability 44 (12 + 32), and 12 as an inheritable one.
    expect(permitsNetAdmin(Buffer.from('0000000200000000001000000010000000000000', 'hex'))).toBe(false);
    expect(permitsNetAdmin(new Uint8Array(0))).toBe(false);
  });
});

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
  ])('must not be executable for %s (%j); the remedy sets the owner first and the capability last', (who, stat) => {
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

  it('may be executable for any group if the agent is unknown', () => {
    expect(findingsOn({ mode: 0o100750, gid: 55 }, PERMITS_NET_ADMIN, false)).toEqual([]);
    expect(findingsOn({ mode: 0o100755 }, PERMITS_NET_ADMIN, false)).toHaveLength(1);
  });

  it('must not be Node.js; the remedy removes the capability', () => {
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

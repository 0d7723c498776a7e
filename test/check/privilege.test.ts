import { describe, expect, it } from 'vitest';

import { NET_ADMIN as NET_ADMIN_BIT, SYS_ADMIN as SYS_ADMIN_BIT } from '../../collector/check/capability.ts';
import { judgePrivilege, nosuidMount, type PrivilegeFacts } from '../../collector/check/privilege.ts';
import { parseStatus } from '../../collector/check/process.ts';
import { NET_ADMIN, NONE, OTHERS, PLACES, type StatusOptions, statusText } from '../helpers/check_host.ts';

const DROP_IN = '/etc/systemd/system/netdata.service.d/zz-conntrack.conf';

/** Judges a packaged program that the agent's user runs. */
function judge(own: StatusOptions, agent?: StatusOptions, facts: Partial<PrivilegeFacts> = {}, isService = true) {
  const status = agent === undefined ? undefined : parseStatus(statusText({ uid: 991, ...agent }));
  return judgePrivilege({
    neededBy: ['events', 'flows'],
    granted: 0n,
    isIncluding: false,
    own: parseStatus(statusText({ uid: 991, ...own })),
    agent: status && { status, isService },
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
    expect(judge(HAS, {})).toEqual({
      needed_by: ['events', 'flows'],
      permitted: true,
      sys_admin: { granted: false, permitted: false },
      findings: [],
    });
  });

  it('is complete without the capability if no module needs it', () => {
    expect(judge(LACKS, { bounding: OTHERS }, { neededBy: [] })).toEqual({
      needed_by: [],
      permitted: false,
      sys_admin: { granted: false, permitted: false },
      findings: [],
    });
  });

  it('is unknown if its status is hidden', () => {
    expect(judge({}, undefined, { own: undefined })).toMatchObject({ permitted: undefined, findings: [] });
  });

  it('is granted by chown, chmod and setcap, in this order', () => {
    expect(codes(LACKS)).toEqual(['lacking']);
    expect(lines(LACKS)).toEqual([
      'sudo chown root:agents /p/conntrack.plugin',
      'sudo chmod 0750 /p/conntrack.plugin',
      'sudo setcap cap_net_admin=p /p/conntrack.plugin',
    ]);
  });

  it('cannot be granted to a script', () => {
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

describe('CAP_SYS_ADMIN', () => {
  const GRANTED = { granted: NET_ADMIN_BIT | SYS_ADMIN_BIT };
  const HAS_BOTH = { permitted: '0000000000201000' };
  const WITHOUT_SYS_ADMIN = '000001ffffdfffff';
  const WITHOUT_BOTH = '000001ffffdfefff';

  it('is not missed unless it was granted', () => {
    expect(codes(HAS, { bounding: WITHOUT_SYS_ADMIN })).toEqual([]);
  });

  it('is complete if it was granted and the agent can pass it on', () => {
    expect(judge(HAS_BOTH, {}, GRANTED)).toMatchObject({ sys_admin: { granted: true, permitted: true }, findings: [] });
  });

  it("that the agent's service withholds is a hint, and a fault if the configuration names namespaces", () => {
    const agent = { bounding: WITHOUT_SYS_ADMIN };
    expect(judge(HAS_BOTH, agent, GRANTED).findings).toEqual([
      {
        severity: 'hint',
        code: 'agent_bounded_sys_admin',
        text: 'the bounding set of the agent, and so of its plugins, lacks CAP_SYS_ADMIN',
        remedy: {
          note: expect.stringContaining('lists capabilities without cap_sys_admin'),
          lines: [
            'sudo mkdir -p /etc/systemd/system/netdata.service.d',
            `printf '[Service]\\nCapabilityBoundingSet=CAP_NET_ADMIN CAP_SYS_ADMIN\\n' | sudo tee ${DROP_IN}`,
            'sudo systemctl daemon-reload && sudo systemctl restart netdata',
          ],
        },
      },
    ]);
    const [finding] = judge(HAS_BOTH, agent, { ...GRANTED, isIncluding: true }).findings;
    expect(finding?.severity).toBe('fault');
  });

  it('is withheld together with CAP_NET_ADMIN in one finding', () => {
    const [finding, ...others] = judge(HAS_BOTH, { bounding: WITHOUT_BOTH }, GRANTED).findings;
    expect(finding).toMatchObject({ severity: 'fault', code: 'agent_bounded' });
    expect(finding?.text).toContain('CAP_NET_ADMIN and CAP_SYS_ADMIN');
    expect(others).toEqual([]);
  });

  it('is impossible in a container without it', () => {
    const [finding] = judge({ ...HAS, bounding: WITHOUT_SYS_ADMIN }, { bounding: WITHOUT_SYS_ADMIN }, GRANTED).findings;
    expect(finding).toMatchObject({ severity: 'hint', code: 'bounded' });
    expect(finding?.remedy?.lines).toEqual(['--cap-add NET_ADMIN --cap-add SYS_ADMIN']);
  });

  it('alone is wanted if no module needs CAP_NET_ADMIN', () => {
    const facts = { ...GRANTED, neededBy: [] };
    expect(codes(HAS_BOTH, { noNewPrivileges: 1 }, facts)).toEqual(['agent_no_new_privileges']);
    expect(codes(HAS_BOTH, { bounding: OTHERS }, facts)).toEqual([]);
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

describe('the nosuid mount of a program', () => {
  it.each([
    ['/usr/lib/netdata/plugins.d/conntrack.plugin', undefined],
    ['/opt/conntrack.plugin', '/opt'],
    ['/optional/conntrack.plugin', undefined],
    ['/opt/netdata/usr/conntrack.plugin', undefined],
    ['/srv/a b/conntrack.plugin', '/srv/a b'],
    ['/twice/conntrack.plugin', undefined],
  ])('at %s is %s', (path, mount) => {
    expect(nosuidMount(MOUNTS, path)).toBe(mount);
  });

  it('is unknown without a list of mounts', () => {
    expect(nosuidMount('', '/opt/conntrack.plugin')).toBeUndefined();
  });

  it('can be the root directory', () => {
    expect(nosuidMount('22 1 8:1 / / rw,nosuid - ext4 /dev/sda1 rw\n', '/a')).toBe('/');
  });
});

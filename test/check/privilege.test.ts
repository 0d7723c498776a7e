import { describe, expect, it } from 'vitest';

import { judgePrivilege, type PrivilegeFacts } from '../../collector/check/privilege.ts';
import { parseStatus } from '../../collector/check/process.ts';
import { NET_ADMIN, NONE, OTHERS, PLACES, type StatusOptions, statusText } from '../helpers/check_host.ts';

const DROP_IN = '/etc/systemd/system/netdata.service.d/conntrack.conf';

/** A packaged program that the agent's user runs. */
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

describe('the capability', () => {
  it('is there where the process may use it', () => {
    expect(judge(HAS, {})).toEqual({ needed_by: ['events', 'flows'], permitted: true, findings: [] });
  });

  it('is not missed where nothing needs it', () => {
    expect(judge(LACKS, { bounding: OTHERS }, { neededBy: [] })).toEqual({
      needed_by: [],
      permitted: false,
      findings: [],
    });
  });

  it('is not known to be missing where the process is hidden', () => {
    expect(judge({}, undefined, { own: undefined })).toMatchObject({ permitted: undefined, findings: [] });
  });

  it('is put on the program once nobody but root and the agent can run it', () => {
    expect(codes(LACKS)).toEqual(['lacking']);
    expect(lines(LACKS)).toEqual([
      'sudo chown root:agents /p/conntrack.plugin',
      'sudo chmod 0750 /p/conntrack.plugin',
      'sudo setcap cap_net_admin=p /p/conntrack.plugin',
    ]);
  });

  it('cannot be put on a script', () => {
    expect(codes(LACKS, undefined, { packaged: false, nosuid: '/p' })).toEqual(['script']);
    expect(lines(LACKS, undefined, { packaged: false })).toEqual([]);
  });

  it('has no effect where the file system is mounted nosuid', () => {
    expect(codes(LACKS, undefined, { nosuid: '/p' })).toEqual(['nosuid']);
    expect(lines(LACKS, undefined, { nosuid: '/p' })).toEqual([]);
    expect(judge(LACKS, undefined, { nosuid: '/p' }).findings[0]?.remedy?.note).toMatch(/^\/p is mounted nosuid/);
  });

  it('cannot be had in a container that has none', () => {
    expect(codes({ ...LACKS, bounding: OTHERS }, { bounding: OTHERS })).toEqual(['bounded']);
    expect(codes({ ...LACKS, uid: 0 })).toEqual(['lacking']);
    expect(lines({ ...LACKS, uid: 0 })).toEqual(['--cap-add NET_ADMIN']);
  });
});

describe('the agent that runs', () => {
  it('hands on nothing that its bounding set has not', () => {
    expect(codes(HAS, { bounding: OTHERS })).toEqual(['agent_bounded']);
    expect(lines(HAS, { bounding: OTHERS })).toEqual([
      'sudo mkdir -p /etc/systemd/system/netdata.service.d',
      `printf '[Service]\\nCapabilityBoundingSet=CAP_NET_ADMIN\\n' | sudo tee ${DROP_IN}`,
      'sudo systemctl daemon-reload && sudo systemctl restart netdata',
    ]);
  });

  it('lets no program gain anything where it may not itself, unless it is root', () => {
    expect(codes(HAS, { noNewPrivileges: 1 })).toEqual(['agent_no_new_privileges']);
    expect(lines(HAS, { noNewPrivileges: 1 })).toContain(
      `printf '[Service]\\nNoNewPrivileges=no\\n' | sudo tee ${DROP_IN.replace('conntrack.conf', 'conntrack-privileges.conf')}`,
    );
    expect(codes(HAS, { noNewPrivileges: 1, uid: 0 })).toEqual([]);
  });

  it('that is not the service of systemd is not mended as one', () => {
    const { findings } = judge(HAS, { bounding: OTHERS, noNewPrivileges: 1 }, {}, false);
    expect(findings.map(({ code, remedy }) => [code, remedy?.lines])).toEqual([
      ['agent_bounded', []],
      ['agent_no_new_privileges', []],
    ]);
    expect(findings.map(({ remedy }) => remedy?.note)).toEqual([
      expect.stringMatching(/^Whoever starts the agent must let it have CAP_NET_ADMIN/),
      expect.stringMatching(/^Whoever starts the agent must let its programs gain privileges/),
    ]);
  });

  it('can be in the way beside the program', () => {
    expect(codes(LACKS, { bounding: OTHERS, noNewPrivileges: 1 })).toEqual([
      'lacking',
      'agent_bounded',
      'agent_no_new_privileges',
    ]);
  });

  it('may hand it on to every plugin, which only it can: nothing is wrong with that', () => {
    expect(judge(LACKS, { ambient: NET_ADMIN }).findings.map(({ severity }) => severity)).toEqual(['hint']);
    expect(codes(LACKS, { ambient: NET_ADMIN, noNewPrivileges: 1 }, { packaged: false })).toEqual(['ambient']);
    expect(lines(LACKS, { ambient: NET_ADMIN })).toEqual([
      'sudo setpriv --reuid agent --regid agents --init-groups ' +
        '--inh-caps +net_admin --ambient-caps +net_admin /p/conntrack.plugin check',
    ]);
    expect(codes(HAS, { ambient: NET_ADMIN })).toEqual([]);
  });
});

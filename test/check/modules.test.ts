import { describe, expect, it } from 'vitest';

import { judgeModules } from '../../collector/check/modules.ts';
import type { Finding, ModuleSection } from '../../collector/check/report.ts';
import { parseConfig } from '../../collector/config/load.ts';
import { CTNETLINK_REMEDIES, SOCK_DIAG_REMEDIES } from '../../collector/modules/access.ts';
import type { Hindrance } from '../../collector/modules/module.ts';
import { PLACES } from '../helpers/check_host.ts';

const CAPABILITY = { note: 'give it', lines: ['sudo give it'] };

interface Seen {
  readonly name?: string;
  readonly reads?: readonly string[];
  readonly hasSamples?: boolean;
  readonly hindrances?: readonly Partial<Hindrance>[];
  readonly privilege?: readonly Finding[];
}

function judge({ hasSamples = false, hindrances = [], name = 'events', privilege = [], ...seen }: Seen): ModuleSection {
  const { reads = ['ctnetlink'] } = seen;
  const whole = hindrances.map(
    (hindrance): Hindrance => ({
      code: 'EIO',
      target: 'ctnetlink',
      message: 'it is out of order',
      loses: 'all',
      ...hindrance,
    }),
  );
  const sections = judgeModules({
    config: parseConfig('', ''),
    observed: [{ name, hasSamples, standing: { reads, hindrances: whole } }],
    patience: 7,
    capability: CAPABILITY,
    privilege,
    places: PLACES,
  });
  const section = sections.find((one) => one.name === name);
  if (section === undefined) throw new Error(`no section of ${name}`);
  return section;
}

/** What is typed against one hindrance. */
const remedyOf = (seen: Seen): readonly string[] => judge(seen).findings[0]?.remedy?.lines ?? [];

describe('a module', () => {
  it('works when it returned samples', () => {
    expect(judge({ hasSamples: true })).toEqual({ name: 'events', state: 'works', reads: ['ctnetlink'], findings: [] });
  });

  it('works when a part is lost, which is a hint', () => {
    const { findings, state } = judge({ hasSamples: true, hindrances: [{ loses: 'part' }] });
    expect(state).toBe('works');
    expect(findings).toEqual([{ severity: 'hint', code: 'EIO', text: 'it is out of order', remedy: undefined }]);
  });

  it('does not work when everything is lost, whatever it returned', () => {
    expect(judge({ hasSamples: true, hindrances: [{}] })).toMatchObject({
      state: 'fails',
      findings: [{ severity: 'fault', code: 'EIO' }],
    });
  });

  it('does not work when it told nothing', () => {
    const silent = { severity: 'fault', code: 'silent', text: 'it told nothing within 7 seconds' };
    expect(judge({})).toMatchObject({ state: 'fails', findings: [silent] });
    expect(judge({ hindrances: [{ loses: 'part' }] })).toMatchObject({ state: 'fails', findings: [{}, silent] });
  });

  it('is absent where there is nothing to watch, and nothing to mend', () => {
    const hindrances = [{ code: 'down', loses: 'nothing' }] as const;
    expect(judge({ name: 'conntrackd', hindrances })).toMatchObject({
      state: 'absent',
      findings: [{ severity: 'note', code: 'down', remedy: undefined }],
    });
  });

  it('says what is out of reach where that is not the only thing that it reads', () => {
    const [finding] = judge({ reads: ['/proc/net/tcp'], hindrances: [{}] }).findings;
    expect(finding?.text).toBe('ctnetlink: it is out of order');
  });
});

describe('a module that needs the capability', () => {
  const BOUNDED = { severity: 'fault', code: 'agent_bounded', text: 'no', remedy: CAPABILITY } as const;
  const LACKING = { severity: 'fault', code: 'lacking', text: 'no', remedy: CAPABILITY } as const;
  const AMBIENT = { severity: 'hint', code: 'ambient', text: 'no', remedy: CAPABILITY } as const;

  it('does not work in an agent that cannot hand it on, though it works here', () => {
    expect(judge({ hasSamples: true, privilege: [LACKING, BOUNDED] })).toMatchObject({
      state: 'fails',
      findings: [BOUNDED],
    });
    const others = { hasSamples: true, reads: ['sock_diag'], privilege: [BOUNDED] };
    expect(judge(others)).toMatchObject({ state: 'works', findings: [] });
  });

  it('says only once that it is lacking', () => {
    expect(judge({ hindrances: [{ code: 'EPERM' }], privilege: [BOUNDED] }).findings).toHaveLength(1);
  });

  it('is not known to fail where only the agent has it', () => {
    expect(judge({ hindrances: [{ code: 'EPERM' }], privilege: [AMBIENT] })).toMatchObject({
      state: 'unknown',
      findings: [{ severity: 'note', code: 'ambient', remedy: CAPABILITY }],
    });
    expect(judge({ hindrances: [{ code: 'unloaded' }], privilege: [AMBIENT] })).toMatchObject({ state: 'fails' });
  });
});

describe('a module that is not tried', () => {
  const off = (text: string): readonly (readonly [string, string | undefined])[] =>
    judgeModules({
      config: parseConfig('', text),
      observed: [],
      patience: 7,
      capability: undefined,
      privilege: [],
      places: PLACES,
    }).map(({ findings, name }) => [name, findings[0]?.text]);

  it('is off, in the order of the configuration, and says why', () => {
    expect(off('mode: basic\nmodules: { flows: { enabled: no } }')).toEqual([
      ['stat', 'mode is basic'],
      ['events', 'mode is basic'],
      ['flows', 'modules.flows.enabled is no'],
      ['sockets', 'mode is basic'],
      ['conntrackd', 'mode is basic'],
    ]);
  });
});

describe('the remedy', () => {
  it.each([
    ['unloaded', ['sudo modprobe nf_conntrack']],
    ['EPROTONOSUPPORT', ['sudo modprobe nf_conntrack_netlink']],
    ['off', ['sudo sysctl -w net.netfilter.nf_conntrack_events=1']],
    ['EPERM', CAPABILITY.lines],
    ['untrusted', []],
    ['toString', []],
  ])('for %s at ctnetlink is %j', (code, lines) => {
    expect(remedyOf({ hindrances: [{ code }] })).toEqual(lines);
  });

  it('for sock_diag is to load what answers', () => {
    expect(remedyOf({ name: 'sockets', hindrances: [{ target: 'sock_diag', code: 'ENOENT' }] })).toEqual([
      'sudo modprobe -a tcp_diag udp_diag',
    ]);
  });

  it('for connection tracking is the same wherever it is missed', () => {
    const target = '/proc/net/stat/nf_conntrack';
    expect(remedyOf({ name: 'stat', hindrances: [{ target, code: 'unloaded' }] })).toEqual([
      'sudo modprobe nf_conntrack',
    ]);
  });

  it('for conntrackd that does not run is to start it', () => {
    const hindrances = [{ target: '/run/a.ctl', code: 'down' }];
    expect(remedyOf({ name: 'conntrackd', hindrances })).toEqual(['sudo systemctl start conntrackd']);
  });

  it("for conntrackd's closed socket is to open it to the agent's group after each start", () => {
    const hindrances = [{ target: '/var/run/conntrackd.ctl', code: 'refused' }];
    expect(remedyOf({ name: 'conntrackd', hindrances })).toEqual([
      'sudo mkdir -p /etc/systemd/system/conntrackd.service.d',
      "printf '[Service]\\nExecStartPost=-/bin/chgrp agents /run/conntrackd.ctl\\n' | " +
        'sudo tee /etc/systemd/system/conntrackd.service.d/netdata.conf',
      "echo 'ExecStartPost=-/bin/chmod 0660 /run/conntrackd.ctl' | " +
        'sudo tee -a /etc/systemd/system/conntrackd.service.d/netdata.conf',
      'sudo systemctl daemon-reload',
      'sudo chgrp agents /run/conntrackd.ctl',
      'sudo chmod 0660 /run/conntrackd.ctl',
    ]);
  });

  it('for two daemons is a file for each', () => {
    const reads = ['/run/a.ctl', '/run/x/b.ctl'];
    const hindrances = reads.map((target) => ({ target, code: 'refused' }));
    const { findings } = judge({ name: 'conntrackd', reads, hindrances });
    expect(findings.map(({ remedy }) => remedy?.lines[1]?.split(' ').at(-1))).toEqual([
      '/etc/systemd/system/conntrackd.service.d/netdata-run-a.ctl.conf',
      '/etc/systemd/system/conntrackd.service.d/netdata-run-x-b.ctl.conf',
    ]);
  });

  it('for a library that others can change is to install it elsewhere', () => {
    expect(judge({ hindrances: [{ code: 'untrusted' }] }).findings[0]?.remedy?.note).toMatch(/only root can write to/);
  });

  it.each([
    ...Object.keys(CTNETLINK_REMEDIES).map((code) => ['ctnetlink', code] as const),
    ...Object.keys(SOCK_DIAG_REMEDIES).map((code) => ['sock_diag', code] as const),
  ])('for %s is there for %s, which the log knows a remedy for', (target, code) => {
    expect(judge({ hindrances: [{ target, code }] }).findings[0]?.remedy).toBeDefined();
  });
});

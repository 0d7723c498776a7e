import { describe, expect, it } from 'vitest';

import { judgeModules } from '../../collector/check/modules.ts';
import type { Finding, ModuleSection } from '../../collector/check/report.ts';
import { parseConfig } from '../../collector/config/parse.ts';
import type { Problem } from '../../collector/modules/problem.ts';
import { PLACES } from '../helpers/check_host.ts';

const CAPABILITY = { note: 'give it', lines: ['sudo give it'] };

interface Seen {
  readonly name?: string;
  readonly reads?: readonly string[];
  readonly hasSamples?: boolean;
  readonly problems?: readonly Partial<Problem>[];
  readonly privilege?: readonly Finding[];
}

function judge({ hasSamples = false, problems = [], name = 'events', privilege = [], ...seen }: Seen): ModuleSection {
  const { reads = ['ctnetlink'] } = seen;
  const whole = problems.map(
    (problem): Problem => ({
      code: 'system_error',
      target: 'ctnetlink',
      message: 'EIO: input/output error',
      loses: 'all',
      ...problem,
    }),
  );
  const sections = judgeModules({
    config: parseConfig('', ''),
    netns: undefined,
    observed: [{ name, hasSamples, status: { reads, problems: whole } }],
    patience: 7,
    capability: CAPABILITY,
    privilege,
    places: PLACES,
  });
  const section = sections.find((one) => one.name === name);
  if (section === undefined) throw new Error(`no section of ${name}`);
  return section;
}

describe('a module', () => {
  it('works if it returned samples', () => {
    expect(judge({ hasSamples: true })).toEqual({ name: 'events', state: 'works', reads: ['ctnetlink'], findings: [] });
  });

  it('works with a hint if a part is lost', () => {
    const { findings, state } = judge({ hasSamples: true, problems: [{ loses: 'part' }] });
    expect(state).toBe('works');
    expect(findings).toEqual([
      { severity: 'hint', code: 'system_error', text: 'EIO: input/output error', remedy: undefined },
    ]);
  });

  it('fails if everything is lost, whatever it returned', () => {
    expect(judge({ hasSamples: true, problems: [{}] })).toMatchObject({
      state: 'fails',
      findings: [{ severity: 'fault', code: 'system_error' }],
    });
  });

  it('fails if it returned no data', () => {
    const silent = { severity: 'fault', code: 'silent', text: 'no data within 7 seconds' };
    expect(judge({})).toMatchObject({ state: 'fails', findings: [silent] });
    expect(judge({ problems: [{ loses: 'part' }] })).toMatchObject({ state: 'fails', findings: [{}, silent] });
  });

  it('is absent, without a remedy, if there is nothing to watch', () => {
    const problems = [{ code: 'conntrackd_down', loses: 'nothing' }] as const;
    const { findings, state } = judge({ name: 'conntrackd', problems });
    expect({ state, codes: findings.map(({ code, remedy, severity }) => [severity, code, remedy]) }).toEqual({
      state: 'absent',
      codes: [['note', 'conntrackd_down', undefined]],
    });
  });

  it('has findings that name the target unless it is its only source', () => {
    const [finding] = judge({ reads: ['/proc/net/tcp'], problems: [{}] }).findings;
    expect(finding?.text).toBe('ctnetlink: EIO: input/output error');
  });
});

describe('a module that needs the capability', () => {
  const BOUNDED = { severity: 'fault', code: 'agent_bounded', text: 'no', remedy: CAPABILITY } as const;
  const LACKING = { severity: 'fault', code: 'lacking', text: 'no', remedy: CAPABILITY } as const;
  const AMBIENT = { severity: 'hint', code: 'ambient', text: 'no', remedy: CAPABILITY } as const;

  it('fails if the agent cannot pass the capability on, even if it works here', () => {
    expect(judge({ hasSamples: true, privilege: [LACKING, BOUNDED] })).toMatchObject({
      state: 'fails',
      findings: [BOUNDED],
    });
    const others = { hasSamples: true, reads: ['sock_diag'], privilege: [BOUNDED] };
    expect(judge(others)).toMatchObject({ state: 'works', findings: [] });
  });

  it('has one finding on the missing capability', () => {
    expect(judge({ problems: [{ code: 'no_capability' }], privilege: [BOUNDED] }).findings).toHaveLength(1);
  });

  it('is unknown if only the agent has the capability', () => {
    expect(judge({ problems: [{ code: 'no_capability' }], privilege: [AMBIENT] })).toMatchObject({
      state: 'unknown',
      findings: [{ severity: 'note', code: 'ambient', remedy: CAPABILITY }],
    });
    expect(judge({ problems: [{ code: 'tracking_not_loaded' }], privilege: [AMBIENT] })).toMatchObject({
      state: 'fails',
    });
  });
});

describe('a module that is not tried', () => {
  const off = (text: string): readonly (readonly [string, string | undefined])[] =>
    judgeModules({
      config: parseConfig('', text),
      netns: undefined,
      observed: [],
      patience: 7,
      capability: undefined,
      privilege: [],
      places: PLACES,
    }).map(({ findings, name }) => [name, findings[0]?.text]);

  it('is off and says why, in the order of the configuration', () => {
    expect(off('mode: basic\nmodules: { flows: { enabled: no } }')).toEqual([
      ['stat', 'mode is basic'],
      ['events', 'mode is basic'],
      ['flows', 'modules.flows.enabled is no'],
      ['sockets', 'mode is basic'],
      ['conntrackd', 'mode is basic'],
    ]);
  });
});

describe('the remedy for a problem of a module', () => {
  it('is that of the capability if the module lacks it', () => {
    expect(judge({ problems: [{ code: 'no_capability' }] }).findings[0]?.remedy).toBe(CAPABILITY);
  });

  it("opens conntrackd's socket to the agent's group after each start", () => {
    const problems = [{ target: '/var/run/conntrackd.ctl', code: 'conntrackd_denied' }] as const;
    expect(judge({ name: 'conntrackd', problems }).findings[0]?.remedy?.lines).toEqual([
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

  it('writes a file for each of two sockets', () => {
    const reads = ['/run/a.ctl', '/run/x/b.ctl'];
    const problems = reads.map((target) => ({ target, code: 'conntrackd_denied' }) as const);
    const { findings } = judge({ name: 'conntrackd', reads, problems });
    expect(findings.map(({ remedy }) => remedy?.lines[1]?.split(' ').at(-1))).toEqual([
      '/etc/systemd/system/conntrackd.service.d/netdata-run-a.ctl.conf',
      '/etc/systemd/system/conntrackd.service.d/netdata-run-x-b.ctl.conf',
    ]);
  });
});

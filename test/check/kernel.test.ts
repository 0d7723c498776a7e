import { describe, expect, it } from 'vitest';

import { judgeKernel } from '../../collector/check/kernel.ts';
import { Host } from '../../collector/procfs/host.ts';
import { filesOf, PLACES } from '../helpers/check_host.ts';
import { KERNEL, NETFILTER } from '../helpers/check_scene.ts';

function judge(texts: Readonly<Record<string, string>>, conntrackd?: Parameters<typeof judgeKernel>[3], prefix = '') {
  const fs = filesOf({ ...KERNEL, ...texts });
  return judgeKernel(fs, new Host(fs, prefix), '5.0.0', conntrackd, PLACES);
}

describe('the kernel in the report', () => {
  it('has the settings and the release of the host', () => {
    expect(judge({})).toEqual({
      release: '6.18.5',
      tracking: true,
      entries: 12_345,
      max: 262_144,
      buckets: 65_536,
      events: 2,
      acct: 0,
      findings: [],
    });
  });

  it('has no limit if that is 0, and no setting that is not a number', () => {
    const texts = { [`${NETFILTER}/nf_conntrack_max`]: '0\n', [`${NETFILTER}/nf_conntrack_events`]: 'x\n' };
    expect(judge(texts)).toMatchObject({ max: undefined, events: undefined, buckets: 65_536 });
  });

  it('has no settings if this process is in another network namespace than the host', () => {
    const host = Object.entries(KERNEL).map(([path, text]) => [`/host${path}`, text]);
    const texts = { ...Object.fromEntries(host), '/proc/self/net/dev': '', '/host/proc/1/net/dev': '' };
    expect(judge(texts, undefined, '/host')).toMatchObject({ release: '6.18.5', entries: undefined, acct: undefined });
  });

  it.each([
    ['works', '0\n', ['no_accounting']],
    ['fails', '0\n', ['no_accounting']],
    ['works', '1\n', []],
    ['absent', '0\n', []],
    [undefined, '0\n', []],
  ] as const)('with conntrackd in state %s and nf_conntrack_acct %j has the findings %j', (state, acct, codes) => {
    const { findings } = judge({ [`${NETFILTER}/nf_conntrack_acct`]: acct }, state);
    expect(findings.map(({ code }) => code)).toEqual(codes);
  });
});

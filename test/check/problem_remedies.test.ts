import { expect, it } from 'vitest';

import { PROBLEM_REMEDIES } from '../../collector/check/problem_remedies.ts';
import { REMEDIES } from '../../collector/check/remedies.ts';
import type { Template } from '../../collector/check/remedy.ts';
import { PROBLEMS, type ProblemCode } from '../../collector/modules/problem.ts';

it('every problem that the log suggests a fix for has a remedy, unless the remedy depends on the host', () => {
  const fixable = Object.entries(PROBLEMS).flatMap(([code, kind]) => ('fix' in kind ? [code as ProblemCode] : []));
  expect(fixable.filter((code) => PROBLEM_REMEDIES[code] === undefined)).toEqual(['no_capability']);
});

it('every remedy with a setting of nf_conntrack says what makes it last: at boot, the module has to be loaded first', () => {
  const all: readonly (Template | undefined)[] = [...Object.values(REMEDIES), ...Object.values(PROBLEM_REMEDIES)];
  const settings = all.filter((template) => template?.lines?.some((line) => line.includes(' net.netfilter.')));
  expect(settings.length).toBeGreaterThan(1);
  for (const template of settings) {
    expect(template?.note).toMatch(/ \/etc\/sysctl\.d, and list nf_conntrack in .*\/etc\/modules-load\.d\.$/);
  }
});

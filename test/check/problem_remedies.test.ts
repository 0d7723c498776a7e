import { expect, it } from 'vitest';

import { PROBLEM_REMEDIES } from '../../collector/check/problem_remedies.ts';
import { PROBLEMS, type ProblemCode } from '../../collector/modules/problem.ts';

it('every problem that the log suggests a fix for has a remedy, unless the remedy depends on the host', () => {
  const fixable = Object.entries(PROBLEMS).flatMap(([code, kind]) => ('fix' in kind ? [code as ProblemCode] : []));
  expect(fixable.filter((code) => PROBLEM_REMEDIES[code] === undefined)).toEqual(['no_capability']);
});

import { describe, expect, it } from 'vitest';

import { PROBLEM_REMEDIES } from '../../collector/check/problem_remedies.ts';
import { PROBLEMS, type ProblemCode } from '../../collector/modules/problem.ts';

/** The problems whose remedy depends on the host. */
const ELSEWHERE: readonly ProblemCode[] = ['no_capability'];

describe('the remedies for problems of modules', () => {
  it.each(Object.entries(PROBLEMS).flatMap(([code, kind]) => ('fix' in kind ? [code as ProblemCode] : [])))(
    'include one for %s, which the log suggests a fix for',
    (code) => {
      expect(PROBLEM_REMEDIES[code] !== undefined || ELSEWHERE.includes(code)).toBe(true);
    },
  );
});

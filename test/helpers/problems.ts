import {
  messageWithFix,
  type Problem,
  type ProblemCode,
  ProblemError,
  problemAt,
} from '../../collector/modules/problem.ts';

/** The text of a problem in a log line. */
export function logged(code: ProblemCode, detail?: unknown): string {
  return messageWithFix(problemAt(code, '', detail));
}

/** The problem that an action throws. */
export function problemIn(action: () => unknown): Problem {
  try {
    action();
  } catch (error) {
    if (error instanceof ProblemError) return error.problem;
    throw error;
  }
  throw new Error('no problem');
}

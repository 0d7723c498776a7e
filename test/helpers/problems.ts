import { messageWithFix, type ProblemCode, problemAt } from '../../collector/modules/problem.ts';

/** The text of a problem in a log line. */
export function logged(code: ProblemCode, detail?: unknown): string {
  return messageWithFix(problemAt(code, '', detail));
}

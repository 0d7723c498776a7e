import { messageWithFix, type ProblemCode, problemAt } from '../../collector/modules/problem.ts';

/** What a log line says of a problem. */
export function logged(code: ProblemCode, detail?: unknown): string {
  return messageWithFix(problemAt(code, '', detail));
}

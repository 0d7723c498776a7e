/** Which network namespace an answer is about, if it is not the host's own. */

import { escaped } from '../base/text.ts';
import type { Answer, Column } from '../functions/answer.ts';
import { type Line, span } from './text.ts';

/** For a program, in every row. */
export const NETNS_COLUMN: Column = { id: 'netns', name: 'Namespace', type: 'text', isKey: true };

/** The answer with the name of the namespace in every row. */
export function withNetns(answer: Answer, netns: string | undefined): Answer {
  if (netns === undefined) return answer;
  const rows = answer.rows.map((row) => ({ ...row, cells: [netns, ...row.cells] }));
  return { ...answer, columns: [NETNS_COLUMN, ...answer.columns], rows };
}

/** For a person, above the answer. */
export function netnsLines(netns: string | undefined): readonly Line[] {
  return netns === undefined ? [] : [[span('netns '), span(escaped(netns), 'strong')]];
}

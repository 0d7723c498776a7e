import { describe, expect, it } from 'vitest';

import type { Answer } from '../../collector/functions/answer.ts';
import { jsonLines, plainTable } from '../../collector/terminal/answer_table.ts';
import { netnsLines, withNetns } from '../../collector/terminal/netns.ts';
import { textOf } from '../helpers/showing.ts';

const ANSWER: Answer = {
  columns: [{ id: 'connections', name: 'Connections', type: 'count' }],
  rows: [{ cells: [471], severity: 'warning' }, { cells: [3] }],
  sortedBy: 'connections',
  notes: ['A note.'],
};

describe('the network namespace of an answer', () => {
  it('is in every row for a program', () => {
    const named = withNetns(ANSWER, 'blue');
    expect(jsonLines(named)).toBe(
      '{"netns":"blue","connections":471,"severity":"warning"}\n{"netns":"blue","connections":3}\n',
    );
    expect(plainTable(named)).toBe('netns  connections\nblue           471\nblue             3\n');
    expect(named).toMatchObject({ sortedBy: 'connections', notes: ['A note.'] });
  });

  it('is above the answer for a person', () => {
    expect(netnsLines('bl\x1bue').map(textOf)).toEqual(['netns bl\\u{1b}ue']);
  });

  it("is left out if it is the host's own", () => {
    expect(withNetns(ANSWER, undefined)).toBe(ANSWER);
    expect(netnsLines(undefined)).toEqual([]);
  });
});

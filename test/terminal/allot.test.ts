import { describe, expect, it } from 'vitest';

import { allot } from '../../collector/terminal/allot.ts';
import type { Block } from '../../collector/terminal/blocks.ts';

function block(title: string, rank: number, least: number, ...labels: string[]): Block {
  const rows = labels.map((label) => ({ label, isUrgent: label.startsWith('!'), isOld: false, draw: () => [] }));
  return { title, section: { column: 'left', rank, least, contents: [] }, rows };
}

const BLOCKS = [
  block('low', 3, 1, 'a', 'b'),
  block('high', 1, 2, 'c', 'd', 'e', '!f'),
  block('middle', 2, 2, 'g', 'h'),
];

/** What of the blocks has room in so many rows. */
function given(height: number, blocks = BLOCKS): string[] {
  return allot(blocks, height).map(
    ({ block: { title }, rows }) => `${title} ${rows.map(({ label }) => label).join('')}`,
  );
}

describe('in a column', () => {
  it.each([
    [0, []],
    // A title and one row are less than the first in rank needs, but not than the last does.
    [2, ['low a']],
    [3, ['high c!f']],
    [4, ['high cd!f']],
    [5, ['high cde!f']],
    [6, ['low a', 'high c!f']],
    [7, ['high c!f', 'middle gh']],
    [8, ['high cd!f', 'middle gh']],
    [10, ['low a', 'high c!f', 'middle gh']],
    [12, ['low ab', 'high cd!f', 'middle gh']],
    [13, ['low ab', 'high cde!f', 'middle gh']],
    [50, ['low ab', 'high cde!f', 'middle gh']],
  ])('of %i rows sections have room by their rank, in their own order', (height, expected) => {
    expect(given(height)).toEqual(expected);
  });

  it('needs no more rows than it has', () => {
    for (let height = 0; height < 20; height++) {
      const drawn = allot(BLOCKS, height);
      const lines = drawn.reduce((sum, { rows }) => sum + rows.length + 1, Math.max(0, drawn.length - 1));
      expect(lines).toBeLessThanOrEqual(height);
    }
  });

  it('has room for a section that is shorter than the least it is made for', () => {
    expect(given(2, [block('short', 1, 5, 'a')])).toEqual(['short a']);
  });
});

import { describe, expect, it } from 'vitest';

import { fitBlocks } from '../../collector/terminal/columns.ts';
import type { Block } from '../../collector/terminal/sections.ts';

/** A block with a row per label; `!` marks trouble. */
function block(title: string, least: number, ...labels: string[]): Block {
  const rows = labels.map((label) => ({ label, mark: label.startsWith('!') ? '!' : ' ', draw: () => [] }) as const);
  return { title, column: 'left', least, rows };
}

const BLOCKS = [block('first', 2, 'c', 'd', 'e', '!f'), block('second', 2, 'g', 'h'), block('third', 1, 'a', 'b')];

function fitted(height: number, blocks = BLOCKS): string[] {
  return fitBlocks(blocks, height).map(
    ({ block: { title }, rows }) => `${title} ${rows.map(({ label }) => label).join('')}`,
  );
}

describe('a column of sections', () => {
  it.each([
    [0, []],
    // Too few for the first, but not for the third.
    [2, ['third a']],
    [3, ['first c!f']],
    [4, ['first cd!f']],
    [5, ['first cde!f']],
    [6, ['first c!f', 'third a']],
    [7, ['first c!f', 'second gh']],
    [8, ['first cd!f', 'second gh']],
    [10, ['first c!f', 'second gh', 'third a']],
    [12, ['first cd!f', 'second gh', 'third ab']],
    [13, ['first cde!f', 'second gh', 'third ab']],
    [50, ['first cde!f', 'second gh', 'third ab']],
  ])('with %i rows fits the first sections first, and rows with trouble before others', (height, expected) => {
    expect(fitted(height)).toEqual(expected);
  });

  it('never takes more rows than there are', () => {
    for (let height = 0; height < 20; height++) {
      const fitting = fitBlocks(BLOCKS, height);
      const lines = fitting.reduce((sum, { rows }) => sum + rows.length + 1, Math.max(0, fitting.length - 1));
      expect(lines).toBeLessThanOrEqual(height);
    }
  });

  it('fits a section that has fewer rows than its minimum', () => {
    expect(fitted(2, [block('short', 5, 'a')])).toEqual(['short a']);
  });
});

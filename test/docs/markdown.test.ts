import { describe, expect, it } from 'vitest';

import { codes, fillRegions, table } from '../../docs/generate/markdown.ts';

describe('table', () => {
  it('escapes pipes and has one line for each row', () => {
    expect(table(['A', 'B'], [['x | y', 'two\nlines']])).toBe('| A | B |\n|---|---|\n| x \\| y | two lines |\n');
  });
});

describe('codes', () => {
  it('separates codes by commas, and returns a dash if there are none', () => {
    expect([codes(['a', 'b_c']), codes([])]).toEqual(['`a`, `b_c`', '–']);
  });
});

describe('fillRegions', () => {
  const page = '# Page\n\n<!-- generated: one -->\nold\n<!-- end -->\nby hand\n<!-- generated: two -->\n<!-- end -->\n';

  it('replaces the text in the regions and nothing else, even by text with $1', () => {
    const filled = fillRegions('page', page, { one: '$1 first\n', two: 'second\n' });
    expect(filled).toBe(
      '# Page\n\n<!-- generated: one -->\n\n$1 first\n\n<!-- end -->\nby hand\n<!-- generated: two -->\n\nsecond\n\n<!-- end -->\n',
    );
    expect(fillRegions('page', filled, { one: '$1 first\n', two: 'second\n' })).toBe(filled);
  });

  it('refuses a region without a text', () => {
    expect(() => fillRegions('page', page, { one: '' })).toThrow(
      'page: found the generated regions [one, two], expected [one]',
    );
  });
});

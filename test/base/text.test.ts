import { describe, expect, it } from 'vitest';

import { escaped, wrap } from '../../collector/base/text.ts';

describe('a text', () => {
  it('is wrapped between words, and within a word that is too long', () => {
    expect(wrap('the table is full', 9)).toEqual(['the table', 'is full']);
    expect(wrap('nf_conntrack_max is low', 8)).toEqual(['nf_connt', 'rack_max', 'is low']);
    expect(wrap('', 8)).toEqual(['']);
  });

  it.each([
    ['one two three', 7, ['one two', 'three']],
    ['one two', 6, ['one', 'two']],
    ['a /far/too/long/path b', 8, ['a', '/far/too/long/path', 'b']],
    ['/far/too/long', 8, ['/far/too/long']],
    ['', 8, ['']],
  ])('%j in %i columns is %j if words stay whole', (text, width, lines) => {
    expect(wrap(text, width, 'whole')).toEqual(lines);
  });

  it('from elsewhere cannot control a terminal or mislead its reader', () => {
    expect(escaped('a\u001b[2J\n\u009b\u202eb\u{1f525}~')).toBe('a\\u{1b}[2J\\u{a}\\u{9b}\\u{202e}b\\u{1f525}~');
  });
});

import { describe, expect, it } from 'vitest';

import { nearest } from '../../collector/base/nearest.ts';

const KEYS = ['update_every', 'mode', 'source', 'modules'];

describe('the nearest candidate', () => {
  it.each([
    ['the same word', 'source', 'source'],
    ['a letter too few', 'updat_every', 'update_every'],
    ['a letter too many', 'modee', 'mode'],
    ['a wrong letter', 'sourze', 'source'],
    ['two letters swapped', 'soucre', 'source'],
    ['another case', 'UPDATE_EVERY', 'update_every'],
    ['a third of its letters wrong', 'upxxte_eveyr', 'update_every'],
    ['a word close to two, the closer one', 'module', 'modules'],
  ])('is found for %s', (_what, word, expected) => {
    expect(nearest(word, KEYS)).toBe(expected);
  });

  it.each([
    ['another word altogether', 'colour'],
    ['more than a third of the letters wrong', 'upxxxxe_eveyr'],
    ['two letters of four', 'mxxe'],
    ['a part of a candidate', 'every'],
    ['a candidate and much more', 'source_of_all'],
    ['nothing', ''],
  ])('is not guessed for %s', (_what, word) => {
    expect(nearest(word, KEYS)).toBeUndefined();
  });

  it('is the first of two that are equally near', () => {
    expect(nearest('--tonfig', ['--config', '--tonfix'])).toBe('--config');
  });

  it('is none among no candidates', () => {
    expect(nearest('mode', [])).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';

import { type Candidate, Patterns, type SelectionSettings, Selector } from '../../collector/namespaces/selection.ts';

const NOW = 7e9;
const MINUTE = 60e6;

const settings = (changed: Partial<SelectionSettings> = {}): SelectionSettings => {
  return { enabled: 'auto', include: [], exclude: [], max: 50, ...changed };
};

/** An active namespace that is not watched, unless something else is given. */
const named = (name: string, entries: number | undefined, changed: Partial<Candidate> = {}): Candidate => {
  return { name, entries, activeAt: NOW, isWatched: false, ...changed };
};

const IDLE = { activeAt: undefined };

/** The names of the watched ones, and the numbers of the others. */
function select(changed: Partial<SelectionSettings>, ...candidates: readonly Candidate[]): object {
  const { watched, ...others } = new Selector(settings(changed)).select(NOW, candidates);
  return { watched: watched.map(({ name }) => name), ...others };
}

describe('a pattern', () => {
  it.each([
    ['blue', ['blue'], ['blu', 'blue2', 'ablue', '']],
    ['q*', ['q', 'qrouter-1', 'q*'], ['aq', '']],
    ['*-7', ['-7', 'pod-7', '-7-7'], ['-77', '7']],
    ['*', ['', 'any', 'größer\n'], []],
    ['a*b*c', ['abc', 'a-b-c', 'abbcc', 'a.b*c'], ['ac', 'acb', 'ab', 'a-c-b']],
    ['ab*ba', ['abba', 'ab-ba'], ['aba', 'ab', 'ba']],
    ['a**z', ['az', 'a1z'], ['a', 'z']],
    ['a.c+', ['a.c+'], ['abc', 'a.cc']],
  ])('%s matches whole names', (pattern, matching, others) => {
    const patterns = new Patterns(['never', pattern]);
    expect(matching.filter((name) => !patterns.match(name))).toEqual([]);
    expect(others.filter((name) => patterns.match(name))).toEqual([]);
  });

  it('with many stars takes no longer for a name that nearly matches', () => {
    const patterns = new Patterns([`${'*a'.repeat(60)}b`]);
    const before = process.cpuUsage();
    expect(patterns.match('a'.repeat(10_000))).toBe(false);
    // Microseconds; a busy machine lets more time go by.
    expect(process.cpuUsage(before).user).toBeLessThan(1e6);
  });
});

describe('a pattern of include', () => {
  it('is unmatched unless it matches a name, even one that is excluded', () => {
    const selector = new Selector(settings({ include: ['blue', 'q*-7', 'red', 'b'], exclude: ['red'] }));
    expect(selector.unmatched(['blue', 'qrouter-8', 'red'])).toEqual(['q*-7', 'b']);
    expect(selector.unmatched([])).toEqual(['blue', 'q*-7', 'red', 'b']);
  });
});

describe('auto', () => {
  it('watches the active ones, fullest first, and counts the idle ones', () => {
    const candidates = [named('low', 3), named('none', 0, IDLE), named('high', 4711), named('counting', 0)];
    expect(select({}, ...candidates)).toEqual({
      watched: ['high', 'low', 'counting'],
      idle: 1,
      leftOut: 0,
      unreadable: 0,
    });
  });

  it('counts those above the maximum as left out', () => {
    const candidates = [named('c', 3), named('a', 9), named('d', 3), named('b', 5), named('e', 0, IDLE)];
    expect(select({ max: 3 }, ...candidates)).toEqual({ watched: ['a', 'b', 'c'], idle: 1, leftOut: 1, unreadable: 0 });
  });

  it('counts those that cannot be read', () => {
    expect(select({}, named('closed', undefined, IDLE), named('hidden', undefined, IDLE))).toEqual({
      watched: [],
      idle: 0,
      leftOut: 0,
      unreadable: 2,
    });
  });

  it('does not begin to watch one that was active before, and is idle now', () => {
    expect(select({}, named('over', 0, { activeAt: NOW - 10e6 }))).toMatchObject({ watched: [], idle: 1 });
  });

  it.each([
    [4.9, ['kept']],
    [5, []],
  ])('keeps watching one that has been idle for %d minutes: %j', (minutes, watched) => {
    const kept = named('kept', 0, { isWatched: true, activeAt: NOW - minutes * MINUTE });
    expect(select({}, kept)).toMatchObject({ watched });
  });

  it.each([
    [1000, 2100, 'kept'],
    [1000, 2101, 'new'],
    [0, 100, 'kept'],
    [0, 101, 'new'],
  ])('with one of %d connections watched, and another with %d, watches the %s one', (own, other, expected) => {
    const candidates = [named('new', other), named('kept', own, { isWatched: true })];
    expect(select({ max: 1 }, ...candidates)).toMatchObject({ watched: [expected], leftOut: 1 });
  });

  it('is stable among equally full ones', () => {
    const candidates = [named('b', 7), named('a', 7), named('c', 7)];
    expect(select({ max: 2 }, ...candidates)).toMatchObject({ watched: ['a', 'b'] });
    expect(select({ max: 2 }, ...candidates.reverse())).toMatchObject({ watched: ['a', 'b'] });
  });
});

describe('yes', () => {
  it('watches the idle ones too, after the fuller ones', () => {
    const candidates = [named('idle', 0, IDLE), named('full', 9), named('idler', 0, IDLE)];
    expect(select({ enabled: true, max: 2 }, ...candidates)).toEqual({
      watched: ['full', 'idle'],
      idle: 0,
      leftOut: 1,
      unreadable: 0,
    });
  });
});

describe('include', () => {
  it('watches even idle ones, before the fullest', () => {
    const candidates = [named('full', 9000), named('mine-1', 0, IDLE), named('fuller', 9001), named('mine-2', 1)];
    expect(select({ include: ['mine-*'], max: 3 }, ...candidates)).toEqual({
      watched: ['mine-1', 'mine-2', 'fuller'],
      idle: 0,
      leftOut: 1,
      unreadable: 0,
    });
  });

  it('watches more than the maximum, and then no others', () => {
    const candidates = [named('full', 9000), named('a', 1), named('b', 1)];
    expect(select({ include: ['a', 'b'], max: 1 }, ...candidates)).toMatchObject({ watched: ['a', 'b'], leftOut: 1 });
    expect(select({ include: ['a', 'b'], max: 0 }, ...candidates)).toMatchObject({ watched: ['a', 'b'], leftOut: 1 });
  });

  it('does not help with those that cannot be read', () => {
    expect(select({ include: ['*'] }, named('closed', undefined, IDLE))).toMatchObject({ watched: [], unreadable: 1 });
  });
});

describe('exclude', () => {
  it('wins over include, and counts as left out, even if idle or unreadable', () => {
    const candidates = [named('a', 9), named('b', 0, IDLE), named('c', undefined, IDLE), named('d', 1)];
    const changed = { enabled: true, include: ['a', 'b'], exclude: ['a', 'b', 'c'] } as const;
    expect(select(changed, ...candidates)).toEqual({ watched: ['d'], idle: 0, leftOut: 3, unreadable: 0 });
    expect(['a', 'd'].map((name) => new Selector(settings(changed)).isIncluded(name))).toEqual([false, false]);
  });

  it('ends the watching of one that is active', () => {
    expect(select({ exclude: ['*'] }, named('kept', 9, { isWatched: true }))).toMatchObject({
      watched: [],
      leftOut: 1,
    });
  });
});

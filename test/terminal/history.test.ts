import { describe, expect, it } from 'vitest';

import { History, type Series, timeToFull } from '../../collector/terminal/history.ts';

const SECOND = 1e6;
/** Monotonic time of second 0, in microseconds. */
const START = 33_000_123;

/** The series at second `at`, after values by second, added a little early or late. */
function seriesOf(every: number, values: Readonly<Record<number, number>>, at: number) {
  const history = new History(every);
  for (const [second, value] of Object.entries(values)) {
    const jitter = Number(second) % 2 === 0 ? 0.04 : -0.03;
    history.add(START + (Number(second) + jitter) * SECOND, value);
  }
  return history.series(START + at * SECOND);
}

describe('a history', () => {
  it.each([
    [1, 60],
    [5, 12],
    [7, 12],
    [300, 12],
  ])('with values %d s apart keeps %d of them', (every, length) => {
    expect(new History(every).series(START).length).toBe(length);
  });

  it('has a gap for every interval without a value', () => {
    expect(seriesOf(1, { 0: 7, 1: 8, 4: 11, 5: 12 }, 5)).toEqual({
      values: [7, 8, undefined, undefined, 11, 12],
      newest: 5,
      length: 60,
    });
  });

  it('ends with a gap for a missing value, but not for a late one', () => {
    expect(seriesOf(1, { 0: 7, 1: 8 }, 1.9).values).toEqual([7, 8]);
    expect(seriesOf(1, { 0: 7, 1: 8 }, 3).values).toEqual([7, 8, undefined, undefined]);
  });

  it('counts a short first interval as a whole one', () => {
    expect(seriesOf(5, { 3: 1, 5: 2, 10: 3 }, 10)).toMatchObject({ values: [1, 2, 3], newest: 2 });
  });

  it('drops values older than a minute', () => {
    const values = Object.fromEntries(Array.from({ length: 75 }, (_, second) => [second, second]));
    const { newest, values: kept } = seriesOf(1, values, 74);
    expect([newest, kept.length, kept[0], kept.at(-1)]).toEqual([74, 60, 15, 74]);
  });

  it('has only gaps after a minute or more without a value', () => {
    const { values } = seriesOf(1, { 0: 7 }, 86_400);
    expect(values).toEqual(Array.from({ length: 60 }, () => undefined));
  });
});

describe('the time until the table is full', () => {
  const growing = (perValue: number): number[] => Array.from({ length: 12 }, (_, at) => 100 + at * perValue);
  const timeOf = (values: Series['values'], limit = 200, length = values.length): number | undefined =>
    timeToFull({ values, newest: values.length - 1, length }, 10, limit);

  it('follows from the growth of the last minute', () => {
    // 0.5 per second; 45 are left.
    expect(timeOf(growing(5))).toBeCloseTo(90);
  });

  it.each([
    ['the minute is incomplete', growing(5), 200, 13],
    ['the first third of the minute is unknown', growing(5).map((value, at) => (at < 4 ? undefined : value)), 200, 12],
    ['the table does not grow', growing(0), 200, 12],
    ['the table shrinks', growing(-3), 200, 12],
    ['the table fluctuates', [100, 150, 100, 100, 120, 120, 120, 120, 160, 160, 149, 160], 200, 12],
    ['the table is full', growing(5), 155, 12],
  ])('is unknown if %s', (_what, values, limit, length) => {
    expect(timeOf(values, limit, length)).toBeUndefined();
  });
});

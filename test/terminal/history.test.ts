import { describe, expect, it } from 'vitest';

import { History, lengthOf } from '../../collector/terminal/history.ts';

const SECOND = 1e6;
/** Where the monotonic time begins, in microseconds. */
const START = 33_000_123;

/** Values by the second at which they came, at ticks that are a little early or late; read at the last of `seconds`. */
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
  ])('of values %d seconds apart keeps %d', (every, length) => {
    expect(lengthOf(every)).toBe(length);
  });

  it('leaves a gap for every interval without a value', () => {
    expect(seriesOf(1, { 0: 7, 1: 8, 4: 11, 5: 12 }, 5)).toEqual({
      values: [7, 8, undefined, undefined, 11, 12],
      newest: 5,
      length: 60,
    });
  });

  it('leaves one too for what has not come yet, but not for what is only late', () => {
    expect(seriesOf(1, { 0: 7, 1: 8 }, 1.9).values).toEqual([7, 8]);
    expect(seriesOf(1, { 0: 7, 1: 8 }, 3).values).toEqual([7, 8, undefined, undefined]);
  });

  it('takes a first interval that is short for a whole one', () => {
    expect(seriesOf(5, { 3: 1, 5: 2, 10: 3 }, 10)).toMatchObject({ values: [1, 2, 3], newest: 2 });
  });

  it('forgets what is older than a minute', () => {
    const values = Object.fromEntries(Array.from({ length: 75 }, (_, second) => [second, second]));
    const { newest, values: kept } = seriesOf(1, values, 74);
    expect([newest, kept.length, kept[0], kept.at(-1)]).toEqual([74, 60, 15, 74]);
  });

  it('is all gaps after a minute without a value, however long it lasts', () => {
    const { values } = seriesOf(1, { 0: 7 }, 86_400);
    expect(values).toEqual(Array.from({ length: 60 }, () => undefined));
  });
});

import { describe, expect, it } from 'vitest';

import { affordable } from '../../collector/jobs/descriptors.ts';

const ONES = Array.from({ length: 1000 }, (_, place) => place);
const none = (): boolean => false;

describe('the file descriptors of the process', () => {
  it.each([
    [undefined, 1000],
    [1_048_576, 1000],
    [1024, 298],
    [128 + 3, 1],
    [128 + 2, 0],
    [64, 0],
  ])('with %j, these suffice for %j namespaces', (limit, most) => {
    expect(affordable(limit, ONES, none)).toEqual(ONES.slice(0, most));
  });

  it('suffice for fewer with all modules, of which the first are watched', () => {
    expect(affordable(128 + 14 + 14 + 3 + 2, ONES, (one) => one < 2)).toEqual([0, 1, 2]);
    expect(affordable(128 + 14 + 13, ONES, (one) => one < 2)).toEqual([0]);
  });
});

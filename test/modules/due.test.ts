import { expect, it } from 'vitest';

import { isDue } from '../../collector/modules/due.ts';

it.each([
  [99.499, false],
  [99.5, true],
  [100, true],
  [160, true],
])('what is due at 100 s is due at the tick of %f s: %s', (second, expected) => {
  expect(isDue(second * 1e6, 100e6)).toBe(expected);
});

import { expect, it } from 'vitest';

import { isInForeground } from '../../collector/terminal/foreground.ts';

it.each([
  ['the foreground', '8314 (node) R 8270 8271 8272 34816 8271 4194304 102 0', true],
  ['the background', '8314 (node) R 8270 8271 8272 34816 8269 4194304 102 0', false],
  ['the foreground under a strange name', '8314 (a) R 1 (b 2) S 8270 8271 8272 34816 8271 4194304', true],
  ['no terminal', '8314 (node) S 8270 8271 8272 0 -1 4194304 102 0', true],
  ['the foreground of whoever started its container', '12 (node) S 0 0 0 34816 0 4194304 102 0', true],
])('a process in %s', (_, stat, expected) => {
  expect(isInForeground(stat)).toBe(expected);
});

import { expect, it } from 'vitest';

import { readAbilities } from '../../collector/terminal/abilities.ts';

it.each([
  [{ LANG: 'en_GB.UTF-8' }, true],
  [{ LANG: 'C.utf8' }, true],
  [{ LANG: 'de_DE.UTF-8@euro' }, true],
  [{ LANG: 'de_DE@euro' }, false],
  [{ LANG: 'C' }, false],
  [{}, false],
  [{ LC_CTYPE: 'C', LANG: 'en_GB.UTF-8' }, false],
  [{ LC_ALL: 'en_GB.UTF-8', LC_CTYPE: 'C', LANG: 'C' }, true],
  [{ LC_ALL: '', LANG: 'en_GB.UTF-8' }, true],
])('a terminal with the locale %j has Unicode: %s', (variables, isUnicode) => {
  expect(readAbilities(variables)).toEqual({ isUnicode, hasColour: true, hasCursor: true });
});

it.each([
  [{ NO_COLOR: '1', TERM: 'xterm' }, false, true],
  [{ NO_COLOR: '', TERM: 'xterm' }, true, true],
  [{ TERM: 'dumb' }, false, false],
])('a terminal with %j has colours: %s, a cursor: %s', (variables, hasColour, hasCursor) => {
  expect(readAbilities(variables)).toEqual({ isUnicode: false, hasColour, hasCursor });
});

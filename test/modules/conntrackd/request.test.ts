import { endianness } from 'node:os';
import { describe, expect, it } from 'vitest';

import { REQUESTS, type Request, requestBytes } from '../../../collector/modules/conntrackd/request.ts';

/** Source: include/conntrackd.h of conntrack-tools. */
const CODES: readonly (readonly [Request, number])[] = [
  ['ct', 21],
  ['network', 28],
  ['cache', 29],
  ['runtime', 30],
  ['link', 31],
  ['rsqueue', 32],
  ['process', 35],
  ['queue', 36],
  ['expect', 37],
];

/** Without type checks. */
const ask: (word: unknown) => unknown = (word) => Reflect.apply(requestBytes, undefined, [word]);

describe('a request', () => {
  it.each(CODES)('for %s is its code %i as a 32-bit integer in host byte order', (request, code) => {
    const bytes = [code, 0, 0, 0];
    expect([...requestBytes(request)]).toEqual(endianness() === 'LE' ? bytes : bytes.reverse());
  });

  it('is one of nine that only read', () => {
    expect(Object.entries(REQUESTS).sort()).toEqual([...CODES].sort());
  });

  it.each(['', 'flush', 'commit', 'kill', '20', 'toString', 'constructor', '__proto__', 20, null, undefined])(
    'for %j is refused',
    (word) => {
      expect(() => ask(word)).toThrow(TypeError);
    },
  );
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { ADVICE } from '../../collector/check/advice.ts';

const MODULES = join(import.meta.dirname, '../../collector/modules');
const SOURCES = readdirSync(MODULES, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(join(MODULES, file), 'utf8'))
  .join('\n');

/** Where the message says everything, and nothing can be typed. */
const SELF_EXPLAINING = ['malformed'];

/** How a module gives a code that is not the system's. */
const GIVEN = [
  /new Obstacle\('(?<code>\w+)'/g,
  /\bcode: '(?<code>\w+)'/g,
  /\bconst state = error instanceof \w+ \? '(?<code>\w+)' : 'foreign'/g,
  /\bconst (?:UNLOADED|REFUSED) = '(?<code>\w+)'/g,
  /\bstate === '(?<code>\w+)'\) \{\n\s*const message/g,
];

const advised = Object.values(ADVICE).flatMap((advice) => Object.keys(advice));

describe('the advice', () => {
  it('knows every word by which a module tells what is in the way', () => {
    const given = GIVEN.map((pattern) => [...SOURCES.matchAll(pattern)].map(({ groups }) => groups?.['code'] ?? ''));
    expect(given.filter((codes) => codes.length === 0)).toEqual([]);
    expect(given.flat().filter((code) => !advised.includes(code) && !SELF_EXPLAINING.includes(code))).toEqual([]);
  });

  it('is given for nothing that no module tells', () => {
    const words = advised.filter((code) => /^[a-z]/.test(code));
    expect(words).toContain('untrusted');
    expect(words.filter((code) => !SOURCES.includes(`'${code}'`))).toEqual([]);
  });
});

import * as v from 'valibot';
import { describe, expect, it } from 'vitest';

import {
  parseJson,
  readEnd,
  readNumber,
  readRegular,
  readText,
  realPath,
  regularFiles,
} from '../../collector/check/files.ts';
import { filesOf } from '../helpers/check_host.ts';

const LARGEST = 4 * 1024 * 1024;

describe('readRegular', () => {
  it('returns the text of a file of at most 4 MiB', () => {
    const text = `${'a'.repeat(LARGEST - 1)}z`;
    expect(readRegular(filesOf({ '/f': text }), '/f')).toBe(text);
    expect(() => readRegular(filesOf({ '/f': `${text}y` }), '/f')).toThrow('read /f: larger than 4194304 bytes');
  });

  it('refuses what is not a regular file, and a missing one', () => {
    const fs = filesOf({ '/directory/f': '' });
    expect(() => readRegular(fs, '/directory')).toThrow('read /directory: not a regular file');
    expect(() => regularFiles(fs).readFileSync('/directory', 'utf8')).toThrow('not a regular file');
    expect(() => readRegular(fs, '/missing')).toThrow('ENOENT');
    expect([readText(fs, '/directory'), readText(fs, '/missing')]).toEqual([undefined, undefined]);
  });
});

describe('readEnd', () => {
  it('returns the last bytes of a file, or all of a shorter one', () => {
    const fs = filesOf({ '/f': 'one two three' });
    expect([readEnd(fs, '/f', 5), readEnd(fs, '/f', 99), readEnd(fs, '/missing', 5)]).toEqual([
      'three',
      'one two three',
      undefined,
    ]);
  });
});

describe('readNumber', () => {
  it.each([
    ['262144\n', 262_144],
    ['0', 0],
    ['', undefined],
    ['-1\n', undefined],
    ['1 2\n', undefined],
    ['1234567890123456', undefined],
  ])('of a file with %j returns %s', (text, number) => {
    expect(readNumber(filesOf({ '/f': text }), '/f')).toBe(number);
  });
});

it('realPath resolves links, and returns a path that cannot be resolved as it is', () => {
  const fs = filesOf({ '/real/f': '' }, { '/link': '/real' });
  expect([realPath(fs, '/link/f'), realPath(fs, '/link/missing')]).toEqual(['/real/f', '/link/missing']);
});

it('parseJson returns nothing if the text is not JSON or does not match the schema', () => {
  const schema = v.object({ a: v.number() });
  expect(['{"a":7}', '{"a":"7"}', '{'].map((json) => parseJson(schema, json))).toEqual([
    { a: 7 },
    undefined,
    undefined,
  ]);
});

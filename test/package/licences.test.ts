/** The file `copyright`: every licence, in Debian's machine-readable form. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { licenceOf, licences, OWN_LICENCE } from '../../collector/package/licences.ts';
import { dependencies } from '../../package.json';
import { packages } from '../../package-lock.json';

/** The bundled packages: neither for development only nor for a single platform. */
const bundled = Object.entries(packages).flatMap(([path, entry]) =>
  path === '' || 'dev' in entry || 'devOptional' in entry || 'optional' in entry ? [] : [basename(path)],
);

/** The paragraphs of a copyright file, as fields by name. */
function paragraphs(text: string): Record<string, string>[] {
  return text
    .trimEnd()
    .split('\n\n')
    .map((paragraph) => Object.fromEntries(paragraph.split(/\n(?! )/).map((field) => field.split(/: (.*)/s, 2))));
}

describe('the copyright file', () => {
  const [header, ...parts] = paragraphs(licences(Object.keys(dependencies), 'node_modules'));
  const byFiles = new Map(parts.map((part) => [part['Files'], part]));

  it('is in version 1.0 of the machine-readable form', () => {
    expect(header?.['Format']).toBe('https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/');
    for (const part of parts) expect(Object.keys(part)).toEqual(['Files', 'Copyright', 'License']);
  });

  it('has the program, Node.js and every bundled package', () => {
    expect([...byFiles.keys()].sort()).toEqual(
      ['*', 'Node.js', ...bundled.map((name) => `node_modules/${name}/*`)].sort(),
    );
  });

  it('refers to Debian’s text of the GNU General Public License', () => {
    expect(byFiles.get('*')?.['License']).toMatch(/^GPL-3\+\n/);
    expect(OWN_LICENCE).toContain('/usr/share/common-licenses/GPL-3');
  });

  it('has the licence of a bundled package in full, with its copyright line', () => {
    expect(byFiles.get('node_modules/split2/*')).toMatchObject({
      Copyright: '2014-2018, Matteo Collina <hello@matteocollina.com>',
      License: expect.stringMatching(/^ISC\n Copyright .*\n \.\n .*OF THIS SOFTWARE\.$/s),
    });
  });

  it('names the author of a package whose licence has no copyright line', () => {
    expect(byFiles.get('node_modules/minimist/*')).toMatchObject({
      Copyright: 'James Halliday',
      License: expect.stringMatching(/^Expat\n/),
    });
  });

  it('cannot be made without a licence; the error names the folder', () => {
    const folder = mkdtempSync(join(tmpdir(), 'conntrack-licences-'));
    mkdirSync(join(folder, 'bare'));
    writeFileSync(join(folder, 'bare/package.json'), '{}');
    expect(() => licences(['bare'], folder)).toThrow(`no licence in ${folder}/bare`);
    writeFileSync(join(folder, 'bare/LICENCE.md'), '');
    expect(licenceOf(join(folder, 'bare'))).toBe(`${folder}/bare/LICENCE.md`);
    rmSync(folder, { recursive: true });
  });
});

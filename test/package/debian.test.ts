/** The texts in Debian packages. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { PLUGINS, STOCK } from '../../collector/check/directories.ts';
import { changelog, triggersFile } from '../../collector/package/debian.ts';
import { debianFiles } from '../../collector/package/layout.ts';

describe('a Debian package', () => {
  it('is triggered by every directory in which an agent may be installed', () => {
    const prefixed = ['/a', '/b', '/opt/netdata/a', '/opt/netdata/b'];
    expect(triggersFile(['/a', '/b'])).toBe(prefixed.map((path) => `interest-noawait ${path}\n`).join(''));
    const setup = readFileSync('collector/package/conntrack-setup', 'utf8');
    for (const [name, folders] of [
      ['PACKAGED_PLUGINS', PLUGINS],
      ['PACKAGED_STOCK', STOCK],
    ] as const) {
      expect(folders).toContain(new RegExp(`^${name}=(.*)$`, 'm').exec(setup)?.[1]);
    }
  });

  it('has a changelog with its name, its version and the time of the build', () => {
    expect(changelog('some-package', '4.7.11', 1_000_000_007)).toBe(`some-package (4.7.11) unstable; urgency=medium

  * What changed is in CHANGELOG.md next to this file.

 -- The authors of conntrack.plugin <conntrack.plugin@localhost>  Sun, 09 Sep 2001 01:46:47 +0000
`);
  });

  it.each(['debian', 'debian-alerts'])(
    'justifies every exception from lintian’s rules with a comment (%s)',
    (scripts) => {
      const [overrides] = debianFiles('some-package', `collector/package/${scripts}`);
      expect(overrides?.debian).toBe('usr/share/lintian/overrides/some-package');
      const lines = readFileSync(overrides?.from ?? '', 'utf8')
        .trimEnd()
        .split('\n');
      const tags = lines.filter((line) => !line.startsWith('#'));
      expect(tags.length).toBeGreaterThan(0);
      expect(lines[0]).toMatch(/^# /);
      for (const tag of tags) expect(tag).toMatch(/^[a-z-]+ .*\*$/);
    },
  );
});

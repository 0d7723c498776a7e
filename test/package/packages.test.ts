/** What is made for the packages besides the program. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

import { COMMANDS } from '../../collector/commands/catalog.ts';
import { buildPackages, writeManual } from '../../collector/package/packages.ts';
import { options } from '../../docs/generate/options.ts';
import { version } from '../../package.json';

describe('the packages', () => {
  it('contain a manual page and a completion with every command and option there is', () => {
    const built = mkdtempSync(join(tmpdir(), 'conntrack-manual-'));
    writeManual(built, 1_000_000_007);
    const page = gunzipSync(readFileSync(join(built, 'conntrack.plugin.1.gz'))).toString();
    const completion = readFileSync(join(built, 'conntrack.plugin.bash'), 'utf8');
    rmSync(built, { recursive: true });
    expect(page).toContain(`.TH CONNTRACK.PLUGIN 1 2001-09-09 "conntrack.plugin ${version}"`);
    for (const { name: command } of COMMANDS) {
      expect(page).toContain(`\n.TP\n\\fB${command.replaceAll('-', '\\-')}\\fR\n`);
      expect(completion).toContain(`\n      ${command}) words='`);
    }
    for (const { name } of options) expect(page).toContain(`\n.TP\n\\fB${name}\\fR\n`);
  });

  it('cannot be built for an unknown architecture', () => {
    expect(() => buildPackages('/nonexistent', 'fast', 'sparc')).toThrow('cannot build packages for "sparc"');
  });
});

describe.skipIf(spawnSync('git', ['--version']).status !== 0)('the commit in --version', () => {
  it('is absent outside of the repository, even inside of another one', () => {
    const folder = mkdtempSync(join(tmpdir(), 'conntrack-commit-'));
    const script = join(process.cwd(), 'collector/package/commit.sh');
    const ask = (): string => spawnSync('sh', [script], { cwd: folder, encoding: 'utf8' }).stdout;
    const git = (...words: string[]): void => {
      const identity = ['-c', 'user.name=a', '-c', 'user.email=a@b.test'];
      expect(spawnSync('git', [...identity, ...words], { cwd: folder }).status).toBe(0);
    };
    expect(ask()).toBe('');
    git('init', '--quiet');
    git('commit', '--quiet', '--allow-empty', '--message=one');
    expect(ask()).toBe('');
    spawnSync('sh', ['-c', 'echo >package.json'], { cwd: folder });
    git('add', 'package.json');
    git('commit', '--quiet', '--message=two');
    expect(ask()).toMatch(/^[\da-f]{12}\n$/);
    spawnSync('sh', ['-c', 'echo changed >package.json'], { cwd: folder });
    expect(ask()).toMatch(/^[\da-f]{12}-dirty\n$/);
    rmSync(folder, { recursive: true });
  });
});

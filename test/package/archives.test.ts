/** The archive with the installer, built around a stand-in for the program. */

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import { buildArchive, copy } from '../../collector/package/archives.ts';
import { DATE, makeStandIns, VERSION } from '../helpers/stand_in_package.ts';

describe('the archive', () => {
  const folder = mkdtempSync(join(tmpdir(), 'conntrack-archive-'));
  const build = (name: string): string => buildArchive(makeStandIns(join(folder, name)));
  const tar = (...words: string[]): string => spawnSync('tar', words, { encoding: 'utf8' }).stdout;
  const archive = build('one');

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is the same when it is built again elsewhere, with the same time for every file', () => {
    expect(readFileSync(build('again')).equals(readFileSync(archive))).toBe(true);
    const lines = tar('--utc', '-tvzf', archive).trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) expect(line).toContain(` ${DATE} 00:00 `);
    const compressed = readFileSync(archive);
    expect({ flags: compressed.readUInt8(3), time: compressed.readUInt32LE(4) }).toEqual({ flags: 0, time: 0 });
  });

  it('contains the changelog as it is', () => {
    const path = `netdata-plugin-conntrack-${VERSION}-all/doc/CHANGELOG.md`;
    expect(tar('-xOzf', archive, path)).toBe(readFileSync('CHANGELOG.md', 'utf8'));
  });

  it('contains folders that only their owner can change, and no executable in them, whatever the work tree allows', () => {
    const [from, to] = [join(folder, 'from'), join(folder, 'to')];
    mkdirSync(from);
    writeFileSync(join(from, 'file'), '');
    chmodSync(join(from, 'file'), 0o777);
    chmodSync(from, 0o777);
    copy(from, to, undefined);
    const modes = [to, join(to, 'file')].map((path) => (statSync(path).mode & 0o777).toString(8));
    expect(modes).toEqual(['755', '644']);
  });
});

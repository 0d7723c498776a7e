import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { NO_INTERPRETER, NOT_EXECUTABLE, wordsAs } from '../../collector/check/as_user.ts';

const ACCOUNT = { user: 'netdata', uid: 991, group: 'netdata', gid: 981, groups: undefined };
let folder = '';

/** Creates a shell script with these permissions. */
function script(name: string, mode: number): string {
  const path = join(folder, name);
  writeFileSync(path, '#!/bin/sh\necho "ran $0 $*"\n');
  chmodSync(path, mode);
  return path;
}

/** Runs the command without its first part, which changes the user and so needs root. */
function start(program: string, ...words: readonly string[]) {
  const all = wordsAs(ACCOUNT, program, words);
  const { status, stdout } = spawnSync('sh', all.slice(all.indexOf('sh') + 1), { encoding: 'utf8' });
  return { status, stdout };
}

describe('the command that runs a program as another user', () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'conntrack-as-user-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it.each([
    [ACCOUNT, ['--init-groups']],
    [{ ...ACCOUNT, user: '991' }, ['--clear-groups']],
    [{ ...ACCOUNT, groups: [] }, ['--clear-groups']],
    [{ ...ACCOUNT, groups: [981, 4] }, ['--groups', '981,4']],
  ])('sets the groups of %j with %j', (account, groups) => {
    const words = wordsAs(account, '/p', ['/p', 'check']);
    expect(words.slice(0, words.indexOf('sh'))).toEqual(['setpriv', '--reuid', '991', '--regid', '981', ...groups]);
  });

  it('starts the program, or Node.js with the script', () => {
    const program = script('program', 0o755);
    expect(start(program, program, 'check', 'a b')).toEqual({ status: 0, stdout: `ran ${program} check a b\n` });
    const node = script('node', 0o755);
    expect(start(program, node, '--x', program)).toEqual({ status: 0, stdout: `ran ${node} --x ${program}\n` });
  });

  it('exits with distinct codes for a program and for a Node.js that the user cannot run', () => {
    const closed = script('closed', 0o644);
    const open = script('open', 0o755);
    expect(start(closed, closed)).toEqual({ status: NOT_EXECUTABLE, stdout: '' });
    expect(start(closed, open, closed)).toEqual({ status: NOT_EXECUTABLE, stdout: '' });
    expect(start(open, closed, open)).toEqual({ status: NO_INTERPRETER, stdout: '' });
    expect(start(join(folder, 'missing'), open)).toEqual({ status: NOT_EXECUTABLE, stdout: '' });
  });
});

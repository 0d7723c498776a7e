import { describe, expect, it } from 'vitest';

import { openBound, verifyBound } from '../../collector/namespaces/identity.ts';
import { FakeProcfs } from '../helpers/fake_procfs.ts';
import { problemIn } from '../helpers/problems.ts';

const PATH = '/run/netns/blue';
const BOUND = { path: PATH, identity: '31-900' };

describe.each([
  ['verified', verifyBound],
  ['opened', openBound],
])('a bound namespace that is %s', (_, use) => {
  it('is the one of the same inode and change time', () => {
    const fs = new FakeProcfs();
    fs.nodes.set(PATH, { ino: 31, ctimeNs: 900n });
    expect(() => use(fs, BOUND)).not.toThrow();
  });

  it.each([[{ ino: 32, ctimeNs: 900n }], [{ ino: 31, ctimeNs: 901n }]])('is gone when its path leads to %o', (node) => {
    const fs = new FakeProcfs();
    fs.nodes.set(PATH, node);
    expect(problemIn(() => use(fs, BOUND))).toMatchObject({ code: 'namespace_gone', target: PATH });
    expect(fs.opened.size).toBe(0);
  });

  it.each([
    ['ENOENT', 'namespace_gone'],
    ['ENOTDIR', 'namespace_gone'],
    ['EACCES', 'namespace_hidden'],
  ])('with %s is %s', (error, code) => {
    const fs = new FakeProcfs();
    fs.errors.set(PATH, error);
    expect(problemIn(() => use(fs, BOUND))).toMatchObject({ code, target: PATH });
  });

  it('with another error keeps that', () => {
    const fs = new FakeProcfs();
    fs.errors.set(PATH, 'EMFILE');
    expect(() => use(fs, BOUND)).toThrow('open /run/netns/blue: EMFILE: refused');
  });
});

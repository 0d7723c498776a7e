import { beforeEach, describe, expect, it } from 'vitest';

import { FakePassage } from '../helpers/fake_passage.ts';
import { FakeProcfs, systemError } from '../helpers/fake_procfs.ts';
import { problemIn } from '../helpers/problems.ts';

const PATH = '/run/netns/blue';
const OWN = '/proc/thread-self/ns/net';

let fs: FakeProcfs;

beforeEach(() => {
  fs = new FakeProcfs();
  fs.nodes.set(PATH, { ino: 31, ctimeNs: 900n });
});

function visit({ passage }: FakePassage, action: () => unknown = () => undefined): unknown {
  return passage.inside(PATH, () => fs.openSync(PATH), action);
}

describe('the passage into a namespace', () => {
  it('tries the way back, enters, acts without the capability, and comes back', () => {
    const fake = new FakePassage(fs);
    const result = visit(fake, () => {
      fake.calls.push(fake.isRaised ? 'acted with the capability' : 'acted');
      return 17;
    });
    expect(result).toBe(17);
    expect(fake.calls).toEqual([`raised ${OWN}`, `raised ${PATH}`, 'acted', `raised ${OWN}`]);
    expect(fs.opened.size).toBe(0);
  });

  it('leads back when the action fails', () => {
    const fake = new FakePassage(fs);
    const failing = (): never => {
      throw new Error('no such thing');
    };
    expect(() => visit(fake, failing)).toThrow('no such thing');
    expect(fake.calls.at(-1)).toBe(`raised ${OWN}`);
    expect(fs.opened.size).toBe(0);
  });

  it('leads back when the capability cannot be lowered inside', () => {
    const fake = new FakePassage(fs);
    fake.entered = (path) => {
      if (path === PATH) throw systemError('EINVAL');
    };
    expect(() => visit(fake)).toThrow('enter /run/netns/blue: EINVAL: refused');
    expect(fake.calls.at(-1)).toBe(`raised ${OWN}`);
    expect(fs.opened.size).toBe(0);
  });

  it('is not taken when there is no way back', () => {
    const fake = new FakePassage(fs);
    fake.refused.set(OWN, systemError('EPERM'));
    expect(problemIn(() => visit(fake))).toMatchObject({ code: 'namespace_closed', target: PATH });
    expect(fake.calls).toEqual([`raised ${OWN}`]);
    expect(fs.opened.size).toBe(0);
  });

  it('ends the process when it cannot come back', () => {
    const fake = new FakePassage(fs);
    const action = (): void => void fake.refused.set(OWN, systemError('EPERM'));
    expect(() => visit(fake, action)).toThrow(/^aborted: cannot leave the network namespace \/run\/netns\/blue: /);
  });

  it('is closed without the privilege, and the library is not even loaded', () => {
    const fake = new FakePassage(fs, false);
    expect(problemIn(() => visit(fake))).toMatchObject({
      code: 'namespace_closed',
      message: 'cannot enter the network namespace: CAP_SYS_ADMIN is missing',
    });
    expect(fake.loads).toBe(0);
    expect(fs.paths).toEqual(['/proc/self/status']);
  });

  it('is closed when the kernel refuses, and another error is kept', () => {
    const fake = new FakePassage(fs);
    fake.refused.set(PATH, systemError('EPERM'));
    expect(problemIn(() => visit(fake)).code).toBe('namespace_closed');
    fake.refused.set(PATH, systemError('EINVAL'));
    expect(() => visit(fake)).toThrow('enter /run/netns/blue: EINVAL: refused');
    expect(fs.opened.size).toBe(0);
    expect(fake.loads).toBe(1);
  });

  it('shows the inode of the namespace of a path', () => {
    const fake = new FakePassage(fs);
    fs.nodes.set('/proc/thread-self/net/dev', { ino: 4711 });
    expect(fake.passage.inodeOf({ path: PATH, identity: '31-900' })).toBe(4711);
    expect(problemIn(() => fake.passage.inodeOf({ path: PATH, identity: '31-901' })).code).toBe('namespace_gone');
  });

  it('is taken for good on request', () => {
    const fake = new FakePassage(fs);
    fake.passage.enter(PATH);
    expect(fake.calls).toEqual([`raised ${PATH}`]);
    expect(fs.opened.size).toBe(0);
    fs.errors.set(PATH, 'EACCES');
    expect(problemIn(() => fake.passage.enter(PATH)).code).toBe('namespace_hidden');
  });
});

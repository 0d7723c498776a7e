import { beforeEach, describe, expect, it } from 'vitest';

import { PathEntrance } from '../../collector/namespaces/path_entrance.ts';
import { FakePassage } from '../helpers/fake_passage.ts';
import { FakeProcfs } from '../helpers/fake_procfs.ts';
import { problemIn } from '../helpers/problems.ts';

const PATH = '/run/netns/blue';
const BOUND = { path: PATH, identity: '31-900' };

let fs: FakeProcfs;

beforeEach(() => {
  fs = new FakeProcfs();
  fs.nodes.set(PATH, { ino: 31, ctimeNs: 900n });
  fs.nodes.set('/proc/thread-self/net/sockstat', { ino: 50, text: 'inside' });
});

describe('the entrance through a path', () => {
  it('enters once to find a file, and then reads it from outside', () => {
    const fake = new FakePassage(fs);
    const entrance = new PathEntrance({ fs, passage: fake.passage, bound: BOUND });
    expect([entrance.via, entrance.directory]).toEqual([PATH, '/run/netns/blue:/proc/net']);
    for (let reading = 0; reading < 3; reading++) {
      const descriptor = entrance.open('sockstat');
      expect(fs.textOf(descriptor)).toBe('inside');
      fs.closeSync(descriptor);
    }
    expect(fake.calls).toHaveLength(3);
    entrance.close();
    expect(fs.opened.size).toBe(0);
  });

  it('is gone with its namespace', () => {
    const { passage } = new FakePassage(fs);
    const entrance = new PathEntrance({ fs, passage, bound: BOUND });
    fs.closeSync(entrance.open('sockstat'));
    fs.nodes.set(PATH, { ino: 31, ctimeNs: 901n });
    for (const use of [
      () => entrance.open('sockstat'),
      () => entrance.openSetting('nf_conntrack_count'),
      () => entrance.inside(() => 0),
      () => entrance.verify(),
      () => new PathEntrance({ fs, passage, bound: BOUND }),
    ]) {
      expect(problemIn(use)).toMatchObject({ code: 'namespace_gone', target: PATH });
    }
  });

  it('without the privilege is a problem of each file, not of the entrance', () => {
    const { passage } = new FakePassage(fs, false);
    const entrance = new PathEntrance({ fs, passage, bound: BOUND });
    expect(problemIn(() => entrance.open('sockstat')).code).toBe('namespace_closed');
  });
});

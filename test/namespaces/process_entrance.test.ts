import { beforeEach, describe, expect, it } from 'vitest';

import type { Bound } from '../../collector/namespaces/namespace.ts';
import { ProcessEntrance } from '../../collector/namespaces/process_entrance.ts';
import { Host } from '../../collector/procfs/host.ts';
import { FakePassage } from '../helpers/fake_passage.ts';
import { FakeProcfs, statText } from '../helpers/fake_procfs.ts';
import { problemIn } from '../helpers/problems.ts';

const PATH = '/run/netns/blue';
const BOUND = { path: PATH, identity: '31-900' };
const GONE = { code: 'namespace_gone' };

let fs: FakeProcfs;

beforeEach(() => {
  fs = FakeProcfs.withProcess(40);
  fs.nodes.set(PATH, { ino: 31, ctimeNs: 900n });
});

function open(bound?: Bound): ProcessEntrance {
  const anchor = { pid: 1234, started: 777, inode: 40 };
  return new ProcessEntrance(anchor, bound, { fs, host: new Host(fs, ''), passage: new FakePassage(fs).passage });
}

function read(entrance: ProcessEntrance, name = 'stat/nf_conntrack'): string | undefined {
  const descriptor = entrance.open(name);
  const text = fs.textOf(descriptor);
  fs.closeSync(descriptor);
  return text;
}

describe('the entrance through a process', () => {
  it('reads the files of its namespace and names the process', () => {
    const entrance = open();
    expect([entrance.via, entrance.directory]).toEqual(['process 1234 (dns (a))', '/proc/1234/net']);
    expect([read(entrance), read(entrance, 'dev'), read(entrance)]).toEqual(['stat of 40', 'dev of 40', 'stat of 40']);
    expect(() => entrance.verify()).not.toThrow();
    expect(() => entrance.open('tcp6')).toThrow('open /proc/1234/net/tcp6: ENOENT: refused');
    entrance.close();
    expect(fs.opened.size).toBe(0);
  });

  it.each([
    ['is gone', (): unknown => fs.nodes.clear()],
    ['has another start', (): unknown => fs.nodes.set('/proc/1234/stat', { ino: 2, text: statText('dns (a)', 778) })],
    ['is in another namespace', (): unknown => fs.put(41)],
    ['has no main thread', (): unknown => fs.errors.set('/proc/1234/net/dev', 'EINVAL')],
    ['has ended since', (): unknown => fs.errors.set('/proc/1234/net/dev', 'ESRCH')],
  ])('does not open when the process %s, and leaves nothing open', (_, change) => {
    change();
    expect(problemIn(() => open())).toMatchObject({ ...GONE, target: 'process 1234' });
    expect(fs.opened.size).toBe(0);
  });

  it('does not open when the process is hidden', () => {
    fs.errors.set('/proc/1234', 'EPERM');
    expect(() => open()).toThrow('open /proc/1234: EPERM: refused');
  });

  it('never reads the namespace that the process moved to', () => {
    const entrance = open();
    expect(read(entrance)).toBe('stat of 40');
    fs.put(60);
    expect(read(entrance)).toBe('stat of 40');
    expect(problemIn(() => entrance.open('dev'))).toMatchObject(GONE);
    expect(problemIn(() => entrance.verify())).toMatchObject(GONE);
  });

  it('never keeps a file that it found while the process moved', () => {
    const entrance = open();
    const { size } = fs.opened;
    const moving = fs.openSync.bind(fs);
    fs.openSync = (path) => {
      fs.put(60);
      return moving(path);
    };
    expect(problemIn(() => entrance.open('stat/nf_conntrack'))).toMatchObject(GONE);
    expect(fs.opened.size).toBe(size);
  });

  it('of a bound namespace verifies its path at every reading', () => {
    const entrance = open(BOUND);
    expect(read(entrance)).toBe('stat of 40');
    fs.nodes.set(PATH, { ino: 32, ctimeNs: 901n });
    for (const use of [
      () => read(entrance),
      () => entrance.verify(),
      () => entrance.openSetting('nf_conntrack_events'),
      () => entrance.inside(() => 0),
    ]) {
      expect(problemIn(use)).toMatchObject({ ...GONE, target: PATH });
    }
    expect(problemIn(() => open(BOUND))).toMatchObject(GONE);
  });

  it('leads inside through the process if there is no path, and only into its namespace', () => {
    const entrance = open();
    fs.nodes.set('/proc/1234/ns/net', { ino: 9 });
    fs.nodes.set('/proc/thread-self/net/dev', { ino: 40 });
    expect(entrance.inside(() => 'inside')).toBe('inside');
    fs.nodes.set('/proc/thread-self/net/dev', { ino: 60 });
    expect(problemIn(() => entrance.inside(() => 'inside'))).toMatchObject(GONE);
    fs.errors.set('/proc/1234/ns/net', 'EACCES');
    expect(problemIn(() => entrance.inside(() => 'inside'))).toMatchObject({ code: 'namespace_closed' });
    fs.errors.set('/proc/1234/ns/net', 'ESRCH');
    expect(problemIn(() => entrance.inside(() => 'inside'))).toMatchObject(GONE);
  });

  it('finds settings inside, once', () => {
    const entrance = open(BOUND);
    fs.nodes.set('/proc/sys/net/netfilter/nf_conntrack_events', { ino: 70, text: '2\n' });
    expect(fs.textOf(entrance.openSetting('nf_conntrack_events'))).toBe('2\n');
    fs.nodes.set('/proc/sys/net/netfilter/nf_conntrack_events', { ino: 71, text: '0\n' });
    expect(fs.textOf(entrance.openSetting('nf_conntrack_events'))).toBe('2\n');
  });
});

import { describe, expect, it } from 'vitest';

import { entranceTo } from '../../collector/namespaces/entrance.ts';
import { Host } from '../../collector/procfs/host.ts';
import { FakePassage } from '../helpers/fake_passage.ts';
import { FakeProcfs } from '../helpers/fake_procfs.ts';
import { problemIn } from '../helpers/problems.ts';

const ANCHOR = { pid: 1234, started: 777, inode: 40 };
const BOUND = { path: '/run/netns/blue', identity: '31-900' };

describe('the entrance to a namespace', () => {
  it.each([
    [{ anchor: ANCHOR, bound: BOUND }, 'process 1234 (dns (a))'],
    [{ anchor: ANCHOR, bound: undefined }, 'process 1234 (dns (a))'],
    [{ anchor: undefined, bound: BOUND }, '/run/netns/blue'],
  ])('is a process if one is known', (known, via) => {
    const fs = FakeProcfs.withProcess(40);
    fs.nodes.set(BOUND.path, { ino: 31, ctimeNs: 900n });
    const { passage } = new FakePassage(fs);
    expect(entranceTo({ name: 'blue', labels: {}, ...known }, { fs, host: new Host(fs, ''), passage }).via).toBe(via);
  });

  it('does not exist without a process and a path', () => {
    const fs = new FakeProcfs();
    const namespace = { name: 'blue', labels: {}, anchor: undefined, bound: undefined };
    const { passage } = new FakePassage(fs);
    const problem = problemIn(() => entranceTo(namespace, { fs, host: new Host(fs, ''), passage }));
    expect(problem).toMatchObject({ code: 'namespace_gone', target: 'blue' });
  });

  it('is in the procfs of the host', () => {
    const fs = FakeProcfs.withProcess(40);
    const nodes = [...fs.nodes];
    fs.nodes.clear();
    for (const [path, node] of nodes) fs.nodes.set(`/host${path}`, node);
    const { passage } = new FakePassage(fs);
    const namespace = { name: 'blue', labels: {}, anchor: ANCHOR, bound: undefined };
    const entrance = entranceTo(namespace, { fs, host: new Host(fs, '/host'), passage });
    expect(fs.textOf(entrance.open('dev'))).toBe('dev of 40');
    expect(entrance.directory).toBe('/host/proc/1234/net');
  });
});

import { describe, expect, it } from 'vitest';

import { NamespaceAccess } from '../../collector/namespaces/access.ts';
import { Host } from '../../collector/procfs/host.ts';
import { namespaceNamed } from '../helpers/fake_namespaces.ts';
import { FakePassage } from '../helpers/fake_passage.ts';
import { FakeProcfs } from '../helpers/fake_procfs.ts';
import { finish, NamespaceHost } from '../helpers/namespace_host.ts';
import { problemIn } from '../helpers/problems.ts';

const HELD = namespaceNamed('web', { bound: undefined, anchor: { pid: 1234, started: 777, inode: 40 } });
const abort = (line: string): never => {
  throw new Error(`aborted: ${line}`);
};

function accessTo(fs: FakeProcfs): NamespaceAccess {
  return new NamespaceAccess({ fs: fs as never, host: new Host(fs, ''), library: '/nowhere', abort });
}

describe('a glance into a network namespace', () => {
  it('opens files through a process in it, and keeps nothing open itself', () => {
    const fs = FakeProcfs.withProcess(40);
    const glance = accessTo(fs).glance(HELD);
    expect(fs.opened.size).toBe(0);
    expect(fs.textOf(glance.open('stat/nf_conntrack'))).toBe('stat of 40');
    expect(fs.paths).toEqual(['/proc/1234/net/stat/nf_conntrack']);
  });

  it('opens nothing once the process is gone or in another namespace', () => {
    const fs = FakeProcfs.withProcess(40);
    const glance = accessTo(fs).glance(HELD);
    fs.put(50);
    expect(problemIn(() => glance.open('stat/nf_conntrack'))).toMatchObject({ code: 'namespace_gone', target: 'web' });
    fs.nodes.delete('/proc/1234/net/dev');
    expect(problemIn(() => glance.open('stat/nf_conntrack')).code).toBe('namespace_gone');
    expect(fs.paths).toEqual([]);
  });

  it('enters a namespace without a process, which needs the privilege', () => {
    const fs = new FakeProcfs();
    const blue = namespaceNamed('blue', { bound: { path: '/run/netns/blue', identity: '31-900' } });
    fs.nodes.set('/run/netns/blue', { ino: 31, ctimeNs: 900n });
    new FakePassage(fs, false);
    const glance = accessTo(fs).glance(blue);
    expect(problemIn(() => glance.open('stat/nf_conntrack'))).toMatchObject({
      code: 'namespace_closed',
      message: 'cannot enter the network namespace: CAP_SYS_ADMIN is missing',
    });
  });
});

describe('finding network namespaces without the privilege to enter them', () => {
  it('reports a bound one and the processes in it separately', () => {
    const host = new NamespaceHost();
    host.processes.set(712, { inode: 501, started: 40, cgroup: '0::/system.slice/dns.service\n' });
    host.bind('/run/netns/blue', { number: 9001, changed: 17n });
    const { discovery } = new NamespaceAccess({ fs: host as never, host: host.host, library: '/nowhere', abort });
    const { namespaces } = finish(discovery.find());
    expect(namespaces.map(({ anchor, bound, name }) => [name, bound?.path, anchor?.pid])).toEqual([
      ['blue', '/run/netns/blue', undefined],
      ['dns.service', undefined, 712],
    ]);
  });
});

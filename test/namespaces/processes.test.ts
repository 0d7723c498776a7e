import { describe, expect, it } from 'vitest';

import { Processes } from '../../collector/namespaces/processes.ts';
import { type FakeProcess, finish, NamespaceHost, OWN_INODE } from '../helpers/namespace_host.ts';

const ROUND = 6;
const MOST = 4000;

class Scene {
  readonly host = new NamespaceHost();
  readonly processes = new Processes(this.host, this.host.host);

  constructor(processes: Readonly<Record<number, FakeProcess>> = {}) {
    for (const [pid, one] of Object.entries(processes)) this.host.processes.set(Number(pid), one);
  }

  scan(): ReturnType<typeof this.groups> {
    this.host.looked = [];
    return this.groups();
  }

  groups(): readonly { inode: number; anchor: { pid: number; started: number; inode: number } }[] {
    return finish(this.processes.scan());
  }

  /** The oldest process of each namespace. */
  oldest(): readonly number[] {
    return this.scan().map(({ anchor }) => anchor.pid);
  }
}

describe('processes', () => {
  it('are grouped by namespace, with the oldest as the anchor', () => {
    const scene = new Scene({
      1: { inode: OWN_INODE, started: 0 },
      712: { inode: 501, started: 90 },
      713: { inode: 501, started: 40 },
      714: { inode: 501, started: 40 },
      715: { inode: 502, started: 10 },
    });
    expect(scene.scan().map(({ anchor }) => anchor)).toEqual([
      { pid: 713, started: 40, inode: 501 },
      { pid: 715, started: 10, inode: 502 },
    ]);
    expect(scene.host.descriptors).toBe(0);
  });

  it.each(['ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'EINVAL'])('are skipped if their namespace shows %s', (code) => {
    expect(new Scene({ 712: { inode: code, started: 90 } }).scan()).toEqual([]);
  });

  it('are skipped if they end while being looked at', () => {
    const scene = new Scene({ 712: { inode: 501, started: 90 }, 713: { inode: 502, started: 91 } });
    scene.host.openSync = (path) => {
      if (path.includes('712')) throw new Error('ESRCH');
      return NamespaceHost.prototype.openSync.call(scene.host, path);
    };
    expect(scene.oldest()).toEqual([713]);
  });

  it('are not grouped while the namespace of the host cannot be distinguished from others', () => {
    const scene = new Scene({ 712: { inode: 501, started: 90 } });
    scene.host.hasOwn = false;
    expect(scene.scan()).toEqual([]);
    scene.host.hasOwn = true;
    expect(scene.oldest()).toEqual([712]);
  });

  it('are looked at again in the next scan, since they can enter a namespace after their start', () => {
    const scene = new Scene();
    scene.scan();
    for (let pid = 100; pid < 112; pid++) scene.host.processes.set(pid, { inode: OWN_INODE, started: 5 });
    expect(scene.oldest()).toEqual([]);
    for (const one of scene.host.processes.values()) one.inode = 501;
    expect(scene.oldest()).toEqual([100]);
    expect(scene.host.looked).toHaveLength(12);
  });

  it('are looked at once in six scans after that', () => {
    const scene = new Scene();
    for (let pid = 100; pid < 400; pid++) scene.host.processes.set(pid, { inode: OWN_INODE, started: 5 });
    scene.scan();
    scene.scan();
    const looked: number[] = [];
    for (let scan = 0; scan < ROUND; scan++) {
      scene.scan();
      expect(scene.host.looked).toHaveLength(300 / ROUND);
      looked.push(...scene.host.looked);
    }
    expect(new Set(looked).size).toBe(300);
  });

  it('cost no more in each scan than a constant, however many there are', () => {
    const scene = new Scene();
    const count = 2 * ROUND * MOST;
    for (let pid = 1; pid <= count; pid++) scene.host.processes.set(pid, { inode: OWN_INODE, started: 5 });
    scene.scan();
    expect(scene.host.looked).toHaveLength(count);
    scene.scan();
    const looked = new Set<number>();
    for (let scan = 0; scan < 2 * ROUND; scan++) {
      scene.scan();
      expect(scene.host.looked.length).toBeLessThanOrEqual(MOST);
      for (const pid of scene.host.looked) looked.add(pid);
    }
    expect(looked.size).toBe(count);
  });

  it('wait for the next scan if too many are new', () => {
    const scene = new Scene();
    scene.scan();
    for (let pid = 1; pid <= MOST + 10; pid++) scene.host.processes.set(pid, { inode: 500, started: 5 });
    scene.scan();
    expect(scene.host.looked).toHaveLength(MOST);
    scene.scan();
    expect(scene.host.looked).toContain(MOST + 10);
  });

  it('yield between them', () => {
    const scene = new Scene();
    for (let pid = 1; pid <= 10_000; pid++) scene.host.processes.set(pid, { inode: 500 + (pid % 1000), started: pid });
    let pauses = 0;
    const work = scene.processes.scan();
    for (let step = work.next(); step.done !== true; step = work.next()) {
      pauses += 1;
      expect(scene.host.looked.length).toBeLessThanOrEqual(pauses + 1);
    }
    expect(pauses).toBe(10_000);
  });
});

describe('the processes of a namespace', () => {
  it('are the same group while one of them is known to have stayed', () => {
    const scene = new Scene({ 712: { inode: 501, started: 90 }, 713: { inode: 501, started: 91 } });
    const [before] = scene.scan();
    scene.host.processes.delete(712);
    const [after] = scene.scan();
    expect(after).toBe(before);
    expect(after?.anchor.pid).toBe(713);
  });

  it('are another group if all have ended and the inode is used again', () => {
    const scene = new Scene({ 712: { inode: 501, started: 90 } });
    const [before] = scene.scan();
    scene.host.processes.delete(712);
    scene.host.processes.set(713, { inode: 501, started: 95 });
    const [after] = scene.scan();
    expect(after).not.toBe(before);
    expect(after?.anchor.pid).toBe(713);
  });

  it('are another group if the number of the only process is used again', () => {
    const scene = new Scene({ 712: { inode: 501, started: 90 } });
    scene.scan();
    const [before] = scene.scan();
    scene.host.processes.set(712, { inode: 501, started: 95 });
    const [after] = scene.scan();
    expect(after).not.toBe(before);
    expect(after?.anchor).toEqual({ pid: 712, started: 95, inode: 501 });
  });

  it.each([
    ['moves to the host', OWN_INODE, [713]],
    ['moves to another namespace', 502, [713, 712]],
    ['cannot be seen any more', 'EACCES', [713]],
  ])('have the next one as the anchor as soon as the oldest %s', (_, inode, expected) => {
    const scene = new Scene({ 712: { inode: 501, started: 90 }, 713: { inode: 501, started: 91 } });
    scene.scan();
    scene.scan();
    scene.host.processes.set(712, { inode, started: 90 });
    for (let scan = 0; scan < ROUND; scan++) expect(scene.oldest()).toEqual(expected);
  });

  it('are no group after the last one has left', () => {
    const scene = new Scene({ 712: { inode: 501, started: 90 } });
    scene.scan();
    scene.host.processes.set(712, { inode: OWN_INODE, started: 90 });
    expect(scene.scan()).toEqual([]);
  });

  it('include none that moved away, once it was looked at', () => {
    const scene = new Scene({ 712: { inode: 501, started: 90 }, 713: { inode: 501, started: 91 } });
    scene.scan();
    scene.host.processes.set(713, { inode: 502, started: 91 });
    const found: number[] = [];
    for (let scan = 0; scan <= ROUND; scan++) found.push(scene.scan().length);
    expect(found.at(-1)).toBe(2);
  });
});

import { describe, expect, it } from 'vitest';

import { type Discovered, Discovery } from '../../collector/namespaces/discovery.ts';
import type { Mapping } from '../../collector/namespaces/mapping.ts';
import { finish, NamespaceHost, OWN_INODE, OWN_NUMBER } from '../helpers/namespace_host.ts';

const ID = '1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f809';
const DOCKER = `0::/system.slice/docker-${ID}.scope\n`;
const DNS = '0::/system.slice/dns.service\n';
const BLUE = { number: 9001, changed: 17n };

class Scene {
  readonly host: NamespaceHost;
  readonly discovery: Discovery;
  /** The inode of `net/dev` by path, as the mapping finds it. */
  readonly inodes = new Map<string, number>();
  /** The paths that the mapping was asked for, with the processes. */
  asked: [string, readonly number[]][] = [];

  constructor(prefix = '') {
    this.host = new NamespaceHost(prefix);
    const mapping: Mapping = {
      inodeOf: (path, anchors) => {
        this.asked.push([path, anchors.map(({ pid }) => pid)]);
        return this.inodes.get(path);
      },
    };
    this.discovery = new Discovery({ fs: this.host, host: this.host.host, mappings: [mapping] });
  }

  find(): Discovered {
    this.asked = [];
    return finish(this.discovery.find());
  }

  /** The name of each namespace, its path and its process. */
  found(): readonly unknown[] {
    return this.find().namespaces.map(({ anchor, bound, name }) => [name, bound?.path, anchor?.pid]);
  }
}

describe('the network namespaces of a host', () => {
  it('are those of paths, then those of processes, by name, with the oldest first', () => {
    const { discovery, host } = new Scene();
    host.bind('/run/netns/blue', BLUE);
    host.processes.set(714, { inode: 502, started: 95, cgroup: DOCKER });
    host.processes.set(715, { inode: 501, started: 90, cgroup: DNS });
    host.processes.set(1, { inode: OWN_INODE, started: 0, cgroup: '0::/init.scope\n' });
    expect(finish(discovery.find())).toEqual({
      namespaces: [
        {
          name: 'blue',
          labels: { netns: 'blue' },
          bound: { path: '/run/netns/blue', identity: '9001-17' },
          anchor: undefined,
        },
        {
          name: 'dns.service',
          labels: { netns: 'dns.service' },
          bound: undefined,
          anchor: { pid: 715, started: 90, inode: 501 },
        },
        {
          name: 'docker-1a2b3c4d5e6f',
          labels: { netns: 'docker-1a2b3c4d5e6f', container: '1a2b3c4d5e6f' },
          bound: undefined,
          anchor: { pid: 714, started: 95, inode: 502 },
        },
      ],
      hidden: [],
    });
    expect(host.descriptors).toBe(0);
  });

  it('include hidden ones separately', () => {
    const { discovery, host } = new Scene();
    host.bind('/run/docker/netns/1a2b', BLUE, 'EACCES');
    expect(finish(discovery.find())).toEqual({
      namespaces: [],
      hidden: [{ path: '/run/docker/netns/1a2b', error: "EACCES: cannot see '/run/docker/netns/1a2b'" }],
    });
  });

  it("exclude the host's own, even if it is bound to a path, hidden or not", () => {
    const scene = new Scene();
    scene.host.bind('/run/docker/netns/default', { number: OWN_NUMBER, changed: 3n }, 'EACCES');
    scene.host.bind('/run/netns/host', { number: OWN_NUMBER, changed: 3n });
    expect(scene.find()).toEqual({ namespaces: [], hidden: [] });
  });

  it("exclude the host's own if only the mapping shows it", () => {
    const scene = new Scene();
    scene.host.bind('/run/netns/host', BLUE);
    scene.inodes.set('/run/netns/host', OWN_INODE);
    expect(scene.found()).toEqual([]);
  });

  it('have the name of the path and the labels of the processes where a mapping connects them', () => {
    const scene = new Scene();
    scene.host.bind('/run/netns/blue', BLUE);
    scene.host.processes.set(714, { inode: 502, started: 95, cgroup: DOCKER });
    scene.inodes.set('/run/netns/blue', 502);
    expect(scene.find().namespaces).toEqual([
      {
        name: 'blue',
        labels: { netns: 'blue', container: '1a2b3c4d5e6f' },
        bound: { path: '/run/netns/blue', identity: '9001-17' },
        anchor: { pid: 714, started: 95, inode: 502 },
      },
    ]);
    expect(scene.asked).toEqual([['/run/netns/blue', [714]]]);
  });

  it('are mapped once, and processes that enter them later are recognised', () => {
    const scene = new Scene();
    scene.host.bind('/run/netns/blue', BLUE);
    scene.inodes.set('/run/netns/blue', 502);
    expect(scene.found()).toEqual([['blue', '/run/netns/blue', undefined]]);
    scene.host.processes.set(714, { inode: 502, started: 95, cgroup: DNS });
    expect(scene.found()).toEqual([['blue', '/run/netns/blue', 714]]);
    expect(scene.asked).toEqual([]);
    scene.host.unbind('/run/netns/blue');
    expect(scene.found()).toEqual([['dns.service', undefined, 714]]);
  });

  it('are mapped again once they are bound to the same path again', () => {
    const scene = new Scene();
    scene.host.bind('/run/netns/blue', BLUE);
    scene.inodes.set('/run/netns/blue', 502);
    scene.find();
    scene.host.unbind('/run/netns/blue');
    scene.host.bind('/run/netns/blue', { number: 9001, changed: 18n });
    scene.inodes.set('/run/netns/blue', 503);
    scene.host.processes.set(714, { inode: 502, started: 95, cgroup: DNS });
    expect(scene.found()).toEqual([
      ['blue', '/run/netns/blue', undefined],
      ['dns.service', undefined, 714],
    ]);
    expect(scene.asked).toHaveLength(1);
  });

  it('are not mapped if the path is bound to another one while the mapping is asked', () => {
    const scene = new Scene();
    scene.host.bind('/run/netns/blue', BLUE);
    scene.host.processes.set(714, { inode: 502, started: 95, cgroup: DNS });
    scene.inodes.get = (path) => {
      scene.host.unbind(path);
      scene.host.bind(path, { number: 9001, changed: 18n });
      return 502;
    };
    expect(scene.found()).toEqual([
      ['blue', '/run/netns/blue', undefined],
      ['dns.service', undefined, 714],
    ]);
  });

  it('are looked up in vain only once in six scans, or when processes appear in a new one', () => {
    const scene = new Scene();
    scene.host.bind('/run/netns/blue', BLUE);
    const asked: number[] = [];
    for (let scan = 1; scan <= 16; scan++) {
      if (scan === 10) scene.host.processes.set(714, { inode: 502, started: 95, cgroup: DNS });
      scene.find();
      if (scene.asked.length > 0) asked.push(scan);
    }
    expect(asked).toEqual([1, 7, 10, 16]);
  });

  it('keep their name when they are mapped only later, and when the oldest process ends', () => {
    const scene = new Scene();
    scene.host.bind('/run/netns/blue', BLUE);
    scene.host.processes.set(714, { inode: 502, started: 95, cgroup: DNS });
    scene.host.processes.set(715, { inode: 502, started: 96, cgroup: DOCKER });
    scene.find();
    scene.find();
    scene.host.processes.delete(714);
    expect(scene.found()).toEqual([
      ['blue', '/run/netns/blue', undefined],
      ['dns.service', undefined, 715],
    ]);
    scene.inodes.set('/run/netns/blue', 502);
    scene.host.processes.set(716, { inode: 503, started: 97, cgroup: DOCKER });
    expect(scene.found()).toEqual([
      ['blue', '/run/netns/blue', 715],
      ['docker-1a2b3c4d5e6f', undefined, 716],
    ]);
  });

  it('get the name of their control group in the second scan if the process was moved there after the first', () => {
    const scene = new Scene();
    scene.host.processes.set(714, { inode: 502, started: 95, cgroup: DNS });
    expect(scene.found()).toEqual([['dns.service', undefined, 714]]);
    scene.host.processes.set(714, { inode: 502, started: 95, cgroup: DOCKER });
    expect(scene.found()).toEqual([['docker-1a2b3c4d5e6f', undefined, 714]]);
    scene.host.processes.set(714, { inode: 502, started: 95, cgroup: DNS });
    expect(scene.found()).toEqual([['docker-1a2b3c4d5e6f', undefined, 714]]);
  });

  it('have the number of a process as name without a unit, and never that of another process by the same number', () => {
    const scene = new Scene();
    scene.host.processes.set(714, { inode: 502, started: 95, cgroup: '0::/\n' });
    expect(scene.found()).toEqual([['pid-714', undefined, 714]]);
    scene.host.processes.set(714, { inode: 502, started: 99 });
    expect(scene.found()).toEqual([['pid-714-714', undefined, 714]]);
  });

  it('have different names, which stay', () => {
    const scene = new Scene();
    scene.host.bind('/run/netns/dns', { number: 9001, changed: 17n });
    scene.host.bind('/run/docker/netns/dns', { number: 9002, changed: 18n });
    scene.host.processes.set(714, { inode: 502, started: 95, cgroup: DNS });
    scene.host.processes.set(715, { inode: 503, started: 96, cgroup: DNS });
    const names = ['dns', 'dns-9002', 'dns.service', 'dns.service-715'];
    expect(scene.find().namespaces.map(({ name }) => name)).toEqual(names);
    scene.host.unbind('/run/netns/dns');
    scene.host.processes.delete(714);
    expect(scene.find().namespaces.map(({ name }) => name)).toEqual(['dns-9002', 'dns.service-715']);
  });

  it('are found in many steps, each of which reads little', () => {
    const { discovery, host } = new Scene();
    for (let pid = 1000; pid < 1100; pid++) host.processes.set(pid, { inode: pid, started: pid, cgroup: DNS });
    let opened = 0;
    let pauses = 0;
    const open = host.openSync.bind(host);
    host.openSync = (path) => {
      opened += 1;
      return open(path);
    };
    const work = discovery.find();
    for (let step = work.next(); step.done !== true; step = work.next()) {
      expect(opened).toBeLessThanOrEqual(2);
      opened = 0;
      pauses += 1;
    }
    expect(pauses).toBe(200);
  });

  it('are those of the host for an agent in a container', () => {
    const scene = new Scene('/host');
    scene.host.processes.set(1, { inode: OWN_INODE, started: 0 });
    scene.host.processes.set(714, { inode: 502, started: 95, cgroup: DOCKER });
    expect(scene.found()).toEqual([['docker-1a2b3c4d5e6f', undefined, 714]]);
  });
});

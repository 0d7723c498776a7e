import { describe, expect, it } from 'vitest';

import type { Anchor } from '../../collector/namespaces/namespace.ts';
import { NsidMapping } from '../../collector/namespaces/nsid_mapping.ts';
import { NamespaceHost } from '../helpers/namespace_host.ts';

/** Ids of namespaces by process, and the id of the namespace whose file is open. */
class FakeIds {
  readonly processes = new Map<number, number>();
  opened: number | undefined;
  /** Descriptors that were open when one was asked about. */
  descriptors: number | undefined;
  asked: number[] = [];
  closed = 0;
  failure: Error | undefined;
  readonly #host: NamespaceHost;

  constructor(host: NamespaceHost) {
    this.#host = host;
  }

  ofProcess(pid: number): number | undefined {
    this.asked.push(pid);
    return this.processes.get(pid);
  }

  ofDescriptor(): number | undefined {
    if (this.failure !== undefined) throw this.failure;
    this.descriptors = this.#host.descriptors;
    return this.opened;
  }

  close(): void {
    this.closed += 1;
  }
}

class Scene {
  readonly host = new NamespaceHost();
  readonly ids = new FakeIds(this.host);
  readonly anchors: Anchor[] = [];
  connections = 0;
  readonly mapping = new NsidMapping(this.host, () => {
    this.connections += 1;
    return this.ids;
  });

  constructor() {
    this.host.bind('/run/netns/blue', { number: 9001, changed: 17n });
    this.ids.opened = 4;
    for (const [pid, inode, id] of [
      [712, 501, 3],
      [713, 502, 4],
      [714, 503, undefined],
    ] as const) {
      this.host.processes.set(pid, { inode, started: pid });
      this.anchors.push({ pid, inode, started: pid });
      if (id !== undefined) this.ids.processes.set(pid, id);
    }
  }

  blue(anchors: readonly Anchor[] = this.anchors): number | undefined {
    return this.mapping.inodeOf('/run/netns/blue', anchors);
  }
}

describe('the mapping by ids', () => {
  it('is the inode of the process with the same id, and keeps no file of the namespace open', () => {
    const scene = new Scene();
    expect(scene.blue()).toBe(502);
    expect([scene.ids.descriptors, scene.host.descriptors]).toEqual([1, 0]);
  });

  it('asks for the processes once in a scan', () => {
    const scene = new Scene();
    scene.blue();
    scene.blue();
    expect(scene.ids.asked).toEqual([712, 713, 714]);
    scene.ids.processes.set(712, 4).delete(713);
    expect(scene.blue([...scene.anchors])).toBe(501);
  });

  it('is unknown without an id, and then asks for no process', () => {
    const scene = new Scene();
    scene.ids.opened = undefined;
    expect(scene.blue()).toBeUndefined();
    expect(scene.ids.asked).toEqual([]);
  });

  it('is unknown if the process has entered another namespace', () => {
    const scene = new Scene();
    scene.host.processes.set(713, { inode: 509, started: 713 });
    expect(scene.blue()).toBeUndefined();
  });

  it('is unknown if the path cannot be opened, and then connects to nothing', () => {
    const scene = new Scene();
    expect(scene.mapping.inodeOf('/run/netns/red', scene.anchors)).toBeUndefined();
    expect(scene.connections).toBe(0);
  });

  it('is unknown after an error, and connects again', () => {
    const scene = new Scene();
    scene.ids.failure = new Error('ENOBUFS');
    expect(scene.blue()).toBeUndefined();
    expect([scene.ids.closed, scene.host.descriptors]).toEqual([1, 0]);
    scene.ids.failure = undefined;
    expect(scene.blue()).toBe(502);
    expect(scene.connections).toBe(2);
  });

  it('is unknown if no connection is possible', () => {
    const scene = new Scene();
    const mapping = new NsidMapping(scene.host, () => {
      throw new Error('no library');
    });
    expect(mapping.inodeOf('/run/netns/blue', scene.anchors)).toBeUndefined();
    expect(scene.host.descriptors).toBe(0);
    mapping.close();
  });
});

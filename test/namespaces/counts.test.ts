import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { Counts } from '../../collector/namespaces/counts.ts';
import { boundNamespace, NamespaceScene } from '../helpers/namespace_scene.ts';

let scene: NamespaceScene;
let counts: Counts;

beforeEach(() => {
  scene = new NamespaceScene();
  counts = scene.counts();
});

/** What a look sees of each namespace. */
function look(at: number): Record<string, readonly [number | undefined, number | undefined]> {
  const work = counts.look(at, scene.namespaces);
  for (;;) {
    const step = work.next();
    if (step.done !== true) continue;
    const seen = step.value.map(({ activeAt, entries, namespace }) => [namespace.name, [entries, activeAt]] as const);
    return Object.fromEntries(seen);
  }
}

describe('a look at network namespaces', () => {
  it('sees the entries of each, and that those with entries are active', () => {
    scene.add('full', { entries: 4711 });
    scene.add('empty', { entries: 0, found: 99 });
    expect(look(5e6)).toEqual({ full: [4711, 5e6], empty: [0, undefined] });
  });

  it('sees that an empty one is active when a counter has moved since the last look', () => {
    scene.add('busy', { invalid: 3 });
    scene.add('quiet', { invalid: 3 });
    look(5e6);
    scene.set('busy', { invalid: 4 });
    expect(look(15e6)).toEqual({ busy: [0, 15e6], quiet: [0, undefined] });
    expect(look(25e6)).toEqual({ busy: [0, 15e6], quiet: [0, undefined] });
  });

  it('does not compare the counters of different namespaces of one name', () => {
    scene.add('blue', { found: 7 });
    look(5e6);
    scene.add('blue', { found: 9 }, boundNamespace('blue', 2));
    expect(look(15e6)).toEqual({ blue: [0, undefined] });
    scene.set('blue', { found: 10 });
    expect(look(25e6)).toEqual({ blue: [0, 25e6] });
  });

  it('distinguishes namespaces without a path by their process', () => {
    const held = (pid: number, started: number) => {
      return { name: 'web', labels: {}, bound: undefined, anchor: { pid, started, inode: 7 } };
    };
    scene.add('web', { found: 1 }, held(70, 3));
    look(5e6);
    scene.add('web', { found: 2 }, held(70, 4));
    expect(look(15e6)).toEqual({ web: [0, undefined] });
  });

  it('leaves out what is gone, and forgets it', () => {
    scene.add('a', { entries: 2 });
    scene.problems.set('a', 'namespace_gone');
    expect(look(5e6)).toEqual({});
  });

  it.each(['namespace_closed', 'namespace_hidden'] as const)('knows no entries where entering fails: %s', (code) => {
    scene.add('a', { entries: 2 });
    scene.problems.set('a', code);
    expect(look(5e6)).toEqual({ a: [undefined, undefined] });
  });

  it('knows no entries where the file is missing or torn', () => {
    scene.add('missing', { entries: 2 });
    scene.add('torn', { entries: 2 });
    scene.volume.unlinkSync('/ns/missing/stat/nf_conntrack');
    scene.volume.truncateSync('/ns/torn/stat/nf_conntrack', 200);
    expect(look(5e6)).toEqual({ missing: [undefined, undefined], torn: [undefined, undefined] });
  });

  it('knows that there are no entries while connection tracking is not loaded', () => {
    scene.add('blue', { entries: 2 });
    scene.volume.unlinkSync('/ns/blue/stat/nf_conntrack');
    scene.isTracking = false;
    expect(look(5e6)).toEqual({ blue: [0, undefined] });
    scene.set('blue', { entries: 0, found: 5 });
    scene.isTracking = true;
    expect(look(15e6)).toEqual({ blue: [0, undefined] });
  });

  it('does not take a counter that could not be read for one that moved', () => {
    scene.add('a', { found: 3 });
    look(5e6);
    scene.volume.truncateSync('/ns/a/stat/nf_conntrack', 0);
    look(15e6);
    scene.set('a', { found: 4 });
    expect(look(25e6)).toEqual({ a: [0, undefined] });
  });

  it('reads files of any size, and leaves no entrance and no file open', () => {
    scene.add('large', { entries: 5 });
    const text = scene.volume.readFileSync('/ns/large/stat/nf_conntrack', 'utf8').toString();
    const row = text.split('\n')[1] ?? '';
    scene.volume.writeFileSync('/ns/large/stat/nf_conntrack', text + `${row}\n`.repeat(300));
    const calls = [vi.spyOn(scene.volume, 'openSync'), vi.spyOn(scene.volume, 'closeSync')];
    expect(look(5e6)).toEqual({ large: [5, 5e6] });
    expect(calls.map((spy) => spy.mock.calls.length)).toEqual([1, 1]);
    expect(scene.open).toBe(0);
  });

  it('can pause after each namespace', () => {
    for (const name of ['a', 'b', 'c']) scene.add(name, { entries: 1 });
    const work = counts.look(5e6, scene.namespaces);
    const entered = [0, 1, 2].map(() => {
      work.next();
      return scene.entered.size;
    });
    expect(entered).toEqual([1, 2, 3]);
  });
});

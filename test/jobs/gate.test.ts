import { describe, expect, it } from 'vitest';

import { Gate } from '../../collector/jobs/gate.ts';
import type { ProblemCode } from '../../collector/modules/problem.ts';
import type { Entrance } from '../../collector/namespaces/namespace.ts';
import { NamespaceScene } from '../helpers/namespace_scene.ts';
import { problemIn } from '../helpers/problems.ts';

function gate(): { scene: NamespaceScene; entrance: Gate } {
  const scene = new NamespaceScene();
  scene.add('blue', { entries: 3 });
  const [namespace] = scene.namespaces;
  if (namespace === undefined) throw new Error('no namespace');
  return { scene, entrance: new Gate(scene.enter(namespace)) };
}

/** Everything that leads into the namespace. */
const WAYS: readonly [string, (entrance: Gate) => unknown][] = [
  ['reading a file', (entrance) => entrance.open('stat/nf_conntrack')],
  ['verifying', (entrance) => entrance.verify()],
];

describe('an entrance', () => {
  it.each(WAYS)('remembers that its namespace is gone once %s shows it', (_, use) => {
    const { entrance, scene } = gate();
    use(entrance);
    expect(entrance.problem).toBeUndefined();
    scene.destroy('blue');
    expect(problemIn(() => use(entrance)).code).toBe('namespace_gone');
    expect(entrance.problem).toBe('the network namespace is gone');
  });

  it.each<[string, ProblemCode, (entrance: Gate) => unknown]>([
    ['sockets', 'namespace_closed', (entrance) => entrance.inside(() => 'inside')],
    ['settings', 'namespace_closed', (entrance) => entrance.openSetting('nf_conntrack_events')],
    ['path', 'namespace_hidden', (entrance) => entrance.verify()],
  ])('does not report a namespace as gone whose %s cannot be reached', (_, code, use) => {
    const { entrance, scene } = gate();
    if (code === 'namespace_hidden') scene.problems.set('blue', code);
    expect(problemIn(() => use(entrance)).code).toBe(code);
    expect(entrance.problem).toBeUndefined();
  });

  it('passes on unexpected errors, and everything else', () => {
    const broken = new TypeError('broken');
    const { scene } = gate();
    const inner: Partial<Entrance> = {
      via: 'process 71 (dns)',
      directory: '/proc/71/net',
      settings: '/ns',
      close: () => void scene.open--,
      verify: () => {
        throw broken;
      },
    };
    const outer = new Gate(inner as Entrance);
    expect([outer.via, outer.directory, outer.settings]).toEqual(['process 71 (dns)', '/proc/71/net', '/ns']);
    expect(() => outer.verify()).toThrow(broken);
    expect(outer.problem).toBeUndefined();
    outer.close();
    expect(scene.open).toBe(0);
  });
});

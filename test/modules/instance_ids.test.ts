import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { InstanceIds } from '../../collector/modules/instance_ids.ts';

describe('the id of an instance', () => {
  it('differs between names that the agent would store as the same', () => {
    const ids = new InstanceIds();
    const names = ['eth0.1', 'eth0_1', 'eth0-1', 'eth0@1', 'eth0_1_2'];
    expect(names.map((name) => ids.of('link', name, name))).toEqual([
      'eth0_1',
      'eth0_1_2',
      'eth0-1_3',
      'eth0_1_4',
      'eth0_1_2_2',
    ]);
  });

  it('is shortened for long names, and still differs between those that begin alike', () => {
    const ids = new InstanceIds();
    const names = ['a', 'b', 'c'].map((end) => `${'x'.repeat(254)}${end}`);
    const short = 'x'.repeat(120);
    expect(names.map((name) => ids.of('netns', name, name))).toEqual([short, `${short}_2`, `${short}_3`]);
    expect(ids.of('netns', names[1] ?? '', names[1] ?? '')).toBe(`${short}_2`);
  });

  it('stays the same for a key', () => {
    const ids = new InstanceIds();
    const first = ['eth0.1', 'eth0_1'].map((name) => ids.of('link', name, name));
    expect(['eth0_1', 'eth0.1'].map((name) => ids.of('link', name, name))).toEqual([...first].reverse());
  });

  it('is free for another key once its own is forgotten', () => {
    const ids = new InstanceIds();
    for (const name of ['eth0.1', 'eth0_1']) ids.of('link', name, name);
    ids.forget('link', 'eth0.1');
    ids.forget('link', 'never known');
    expect(['eth0@1', 'eth0_1', 'eth0.1'].map((name) => ids.of('link', name, name))).toEqual([
      'eth0_1',
      'eth0_1_2',
      'eth0_1_3',
    ]);
  });

  it('can be used again in another scope', () => {
    const ids = new InstanceIds();
    expect(ids.of('link', 'fw internal', 'fw_internal')).toBe('fw_internal');
    expect(ids.of('cache', 'fw internal', 'fw_internal')).toBe('fw_internal');
  });

  it('is distinct for distinct names, whatever they are', () => {
    const name = fc.oneof(fc.string({ unit: fc.constantFrom('e', '1', '.', '_', '-', '@') }), fc.string());
    fc.assert(
      fc.property(fc.uniqueArray(name), (names) => {
        const ids = new InstanceIds();
        const stored = names.map((one) => ids.of('link', one, one).replace(/[^A-Za-z0-9_]/g, '_'));
        expect(new Set(stored).size).toBe(names.length);
      }),
    );
  });
});

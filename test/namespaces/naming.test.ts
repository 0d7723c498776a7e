import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type Claim, Names } from '../../collector/namespaces/naming.ts';

/** Scans in two minutes: while namespaces come and go, one starts every two to three seconds. */
const RESERVED = 60;

/** A namespace of a service. */
function of(key: string, name: string, suffix: number, origin = name): Claim {
  return { key, name, origin, suffix };
}

const first = of('a', 'dns', 712);
const second = of('b', 'dns', 713);

describe('names of namespaces', () => {
  it('are those that they want, with a suffix if that is taken', () => {
    expect(new Names().assign([first, of('c', 'web', 714), second])).toEqual(['dns', 'web', 'dns-713']);
  });

  it('stay, whatever the order, and when the first with the name is gone', () => {
    const names = new Names();
    names.assign([first, second]);
    expect(names.assign([second, first])).toEqual(['dns-713', 'dns']);
    expect(names.assign([second])).toEqual(['dns-713']);
    expect(names.assign([second])).toEqual(['dns-713']);
  });

  it('pass to a successor of the same origin', () => {
    const names = new Names();
    names.assign([first]);
    expect(names.assign([second])).toEqual(['dns']);
    expect(names.assign([])).toEqual([]);
    expect(names.assign([of('c', 'dns', 714)])).toEqual(['dns']);
  });

  it('do not pass to one that may be no successor, since another one of that origin exists', () => {
    const names = new Names();
    names.assign([first, second]);
    names.assign([second]);
    expect(names.assign([second, of('c', 'dns', 714)])).toEqual(['dns-713', 'dns-714']);
  });

  it('do not pass to a namespace of another origin for two minutes', () => {
    const names = new Names();
    const bound = of('c', 'dns', 9001, '/run/netns/dns');
    names.assign([first]);
    for (let scan = 1; scan < RESERVED; scan++) names.assign([]);
    expect(names.assign([bound])).toEqual(['dns-9001']);
    expect(names.assign([])).toEqual([]);
    expect(names.assign([of('d', 'dns', 9002, '/run/netns/dns')])).toEqual(['dns']);
  });

  it('with a suffix never pass to another namespace within two minutes, even with the same suffix', () => {
    const names = new Names();
    names.assign([first, second]);
    names.assign([first]);
    expect(names.assign([first, of('c', 'dns', 713)])).toEqual(['dns', 'dns-713-2']);
  });

  it('change with the origin', () => {
    const names = new Names();
    expect(names.assign([of('a', 'early', 712)])).toEqual(['early']);
    expect(names.assign([of('a', 'late', 712)])).toEqual(['late']);
    expect(names.assign([of('a', 'late', 712), of('b', 'early', 713, 'other')])).toEqual(['late', 'early-713']);
  });

  it('are unique and stay, whatever comes and goes', () => {
    const claim = fc
      .record({ key: fc.integer({ max: 9, min: 0 }), suffix: fc.integer({ max: 2, min: 0 }) })
      .map(({ key, suffix }) => of(String(key), `n${key % 2}`, suffix, `o${key % 3}`));
    const scans = fc.array(fc.uniqueArray(claim, { selector: ({ key }) => key }), { maxLength: 20 });
    fc.assert(
      fc.property(scans, (steps) => {
        const names = new Names();
        let before = new Map<unknown, string | undefined>();
        for (const claims of steps) {
          const given = names.assign(claims);
          expect(new Set(given).size).toBe(claims.length);
          const now = new Map(claims.map(({ key }, index) => [key, given[index]]));
          for (const [key, name] of now) expect([name, undefined]).toContain(before.get(key));
          before = now;
        }
      }),
    );
  });
});

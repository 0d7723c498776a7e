import { describe, expect, it } from 'vitest';

import { PROTOCOLS, placeOf } from '../../collector/modules/protocols.ts';

describe('the protocol of a number', () => {
  it.each([
    ['tcp', 6],
    ['udp', 17],
    ['icmp', 1],
    ['icmpv6', 58],
    ['sctp', 132],
    ['gre', 47],
  ])('is %s of %i', (name, number) => {
    expect(PROTOCOLS[placeOf(number)]).toBe(name);
  });

  it('is `other` for all other numbers, also impossible ones', () => {
    const named = Array.from({ length: 256 }, (_, number) => PROTOCOLS[placeOf(number)]).filter(
      (name) => name !== 'other',
    );
    expect(named).toHaveLength(6);
    for (const number of [-1, 0.5, 256, 65_536]) expect(PROTOCOLS[placeOf(number)]).toBe('other');
  });
});

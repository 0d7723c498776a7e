import { describe, expect, it } from 'vitest';

import { totalsIn } from '../../../collector/modules/sockets/sockstat.ts';

const IPV4 = `sockets: used 293
TCP: inuse 21 orphan 4 tw 7 alloc 38 mem 15
UDP: inuse 11 mem 91
UDPLITE: inuse 5
RAW: inuse 2
FRAG: inuse 3 memory 6
`;
const IPV6 = `TCP6: inuse 17
UDP6: inuse 9
UDPLITE6: inuse 8
RAW6: inuse 1
FRAG6: inuse 0 memory 0
`;

describe('the totals of sockets', () => {
  it('are those of TCP and UDP, without memory and what other network namespaces have', () => {
    expect(totalsIn(IPV4 + IPV6)).toBe('TCP: inuse 21 orphan 4 tw 7\nUDP: inuse 11\nTCP6: inuse 17\nUDP6: inuse 9');
  });

  it('without IPv6 are those of IPv4', () => {
    expect(totalsIn(IPV4)).toBe('TCP: inuse 21 orphan 4 tw 7\nUDP: inuse 11');
  });

  it.each(['', 'sockets: used 293\n', 'TCP: inuse many\n'])('are unknown in %j', (text) => {
    expect(totalsIn(text)).toBeUndefined();
  });
});

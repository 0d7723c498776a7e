import { describe, expect, it } from 'vitest';

import { Counting, type ReadFrom } from '../../helpers/counting_source.ts';
import { diagnosed, done } from '../../helpers/netlink_channel.ts';
import { COUNTS, SOCKETS, type SocketStates } from '../../helpers/socket_host.ts';

/** The same host with IPv4 alone. */
const WITHOUT_IPV6: SocketStates = { tcp: SOCKETS.tcp ?? [], udp: SOCKETS.udp ?? [] };
const COUNTS_WITHOUT_IPV6 = { tcp: COUNTS.tcp, udp: COUNTS.udp };

describe('sockets of IPv6', () => {
  it.each<ReadFrom>(['auto', 'netlink', 'procfs'])('of IPv6 are absent, not 0, where there is none: %s', (readFrom) => {
    expect(new Counting(readFrom, WITHOUT_IPV6).count()).toEqual(COUNTS_WITHOUT_IPV6);
  });

  it.each<ReadFrom>(['auto', 'netlink', 'procfs'])(
    'of IPv6 are 0 where it is there, and nobody uses it: %s',
    (readFrom) => {
      const states = { ...WITHOUT_IPV6, tcp6: [], udp6: [] };
      expect(new Counting(readFrom, states).count()).toEqual({ ...COUNTS_WITHOUT_IPV6, tcp6: {}, udp6: {} });
    },
  );

  it.each<[ReadFrom, unknown]>([
    ['auto', { ...COUNTS_WITHOUT_IPV6, tcp6: {}, udp6: {} }],
    ['netlink', { ...COUNTS_WITHOUT_IPV6, tcp6: {}, udp6: {} }],
    ['procfs', COUNTS_WITHOUT_IPV6],
  ])(
    'of IPv6 come when it does, and stay 0 for a kernel that still answers when its lists go: %s',
    (readFrom, left) => {
      const counting = new Counting(readFrom, WITHOUT_IPV6);
      counting.count(500);
      counting.host.become(SOCKETS);
      expect(counting.count(505)).toEqual(COUNTS);
      counting.host.become(WITHOUT_IPV6);
      expect(counting.count(510)).toEqual(left);
      expect(counting.count(515)).toEqual(left);
    },
  );

  it.each<ReadFrom>(['auto', 'netlink'])(
    'of IPv6 that the kernel tells of are drawn, list or no list: %s',
    (readFrom) => {
      const counting = new Counting(readFrom, WITHOUT_IPV6);
      counting.host.answers.udp6Sockets = [[[diagnosed({ family: 10, state: 7 }), done()]]];
      expect(counting.count()).toEqual({ ...COUNTS_WITHOUT_IPV6, udp6: { unconnected: 1 } });
    },
  );

  it.each<ReadFrom>(['auto', 'netlink'])(
    'of IPv6 that there were once are 0 when they are gone, and only those of their list: %s',
    (readFrom) => {
      const counting = new Counting(readFrom, WITHOUT_IPV6);
      counting.host.answers.udp6Sockets = [[[diagnosed({ family: 10, state: 7 }), done()]]];
      counting.count(500);
      delete counting.host.answers.udp6Sockets;
      expect(counting.count(505)).toEqual({ ...COUNTS_WITHOUT_IPV6, udp6: {} });
    },
  );

  it.each<ReadFrom>(['auto', 'netlink'])(
    'of IPv6 whose list was there once are 0 when it is gone, though there never was one: %s',
    (readFrom) => {
      const counting = new Counting(readFrom, { ...WITHOUT_IPV6, tcp6: [] });
      expect(counting.count(500)).toEqual({ ...COUNTS_WITHOUT_IPV6, tcp6: {} });
      counting.host.become(WITHOUT_IPV6);
      expect(counting.count(505)).toEqual({ ...COUNTS_WITHOUT_IPV6, tcp6: {} });
    },
  );

  it.each<ReadFrom>(['auto', 'netlink'])('of IPv6 are 0 where all lists are hidden: %s', (readFrom) => {
    const counting = new Counting(readFrom, WITHOUT_IPV6);
    for (const table of ['tcp', 'udp']) counting.host.volume.rmSync(`/proc/net/${table}`);
    expect(counting.count()).toEqual({ ...COUNTS_WITHOUT_IPV6, tcp6: {}, udp6: {} });
    expect(counting.said).toEqual([]);
  });

  it.each<ReadFrom>(['auto', 'netlink'])('of IPv6 alone are ever absent, by the list of TCP: %s', (readFrom) => {
    const counting = new Counting(readFrom, { tcp: [10], udp: [] });
    counting.host.volume.rmSync('/proc/net/udp');
    expect(counting.count()).toEqual({ tcp: { listen: 1 }, udp: {} });
  });

  it.each(['EACCES', 'EIO', 'ENOTDIR'])('of IPv6 are 0 where there is no telling, for asking ends with %s', (code) => {
    for (const table of ['tcp6', 'udp6']) {
      const counting = new Counting('netlink', WITHOUT_IPV6);
      counting.host.hidden.set(`/proc/net/${table}`, code);
      expect(counting.count()).toEqual({ ...COUNTS_WITHOUT_IPV6, [table]: {} });
    }
  });
});

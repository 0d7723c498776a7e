import { describe, expect, it } from 'vitest';

import { Counting, type ReadFrom } from '../../helpers/counting_source.ts';
import { diagnosed, done } from '../../helpers/netlink_channel.ts';
import { COUNTS, SOCKETS, type SocketStates } from '../../helpers/socket_host.ts';

/** The same host without IPv6. */
const WITHOUT_IPV6: SocketStates = { tcp: SOCKETS.tcp ?? [], udp: SOCKETS.udp ?? [] };
const COUNTS_WITHOUT_IPV6 = { tcp: COUNTS.tcp, udp: COUNTS.udp };

describe('sockets of IPv6', () => {
  it.each<ReadFrom>(['auto', 'netlink', 'procfs'])('are absent, not 0, on a host without IPv6: %s', (readFrom) => {
    expect(new Counting(readFrom, WITHOUT_IPV6).count()).toEqual(COUNTS_WITHOUT_IPV6);
  });

  it.each<ReadFrom>(['auto', 'netlink', 'procfs'])('are 0 on a host with IPv6 and no such sockets: %s', (readFrom) => {
    const states = { ...WITHOUT_IPV6, tcp6: [], udp6: [] };
    expect(new Counting(readFrom, states).count()).toEqual({ ...COUNTS_WITHOUT_IPV6, tcp6: {}, udp6: {} });
  });

  it.each<[ReadFrom, unknown]>([
    ['auto', { ...COUNTS_WITHOUT_IPV6, tcp6: {}, udp6: {} }],
    ['netlink', { ...COUNTS_WITHOUT_IPV6, tcp6: {}, udp6: {} }],
    ['procfs', COUNTS_WITHOUT_IPV6],
  ])('appear with IPv6, and stay 0 over sock_diag when the lists disappear: %s', (readFrom, left) => {
    const counting = new Counting(readFrom, WITHOUT_IPV6);
    counting.count(500);
    counting.host.become(SOCKETS);
    expect(counting.count(505)).toEqual(COUNTS);
    counting.host.become(WITHOUT_IPV6);
    expect(counting.count(510)).toEqual(left);
    expect(counting.count(515)).toEqual(left);
  });

  it.each<ReadFrom>(['auto', 'netlink'])('that sock_diag reports are counted even without a list: %s', (readFrom) => {
    const counting = new Counting(readFrom, WITHOUT_IPV6);
    counting.host.answers.udp6Sockets = [[[diagnosed({ family: 10, state: 7 }), done()]]];
    expect(counting.count()).toEqual({ ...COUNTS_WITHOUT_IPV6, udp6: { unconnected: 1 } });
  });

  it.each<ReadFrom>(['auto', 'netlink'])(
    'of one list are 0 after its last socket is gone, and those of the other stay absent: %s',
    (readFrom) => {
      const counting = new Counting(readFrom, WITHOUT_IPV6);
      counting.host.answers.udp6Sockets = [[[diagnosed({ family: 10, state: 7 }), done()]]];
      counting.count(500);
      delete counting.host.answers.udp6Sockets;
      expect(counting.count(505)).toEqual({ ...COUNTS_WITHOUT_IPV6, udp6: {} });
    },
  );

  it.each<ReadFrom>(['auto', 'netlink'])(
    'stay 0 after their list is gone, even if there never was a socket: %s',
    (readFrom) => {
      const counting = new Counting(readFrom, { ...WITHOUT_IPV6, tcp6: [] });
      expect(counting.count(500)).toEqual({ ...COUNTS_WITHOUT_IPV6, tcp6: {} });
      counting.host.become(WITHOUT_IPV6);
      expect(counting.count(505)).toEqual({ ...COUNTS_WITHOUT_IPV6, tcp6: {} });
    },
  );

  it.each<ReadFrom>(['auto', 'netlink'])('are 0 where all lists are hidden: %s', (readFrom) => {
    const counting = new Counting(readFrom, WITHOUT_IPV6);
    for (const table of ['tcp', 'udp']) counting.host.volume.rmSync(`/proc/net/${table}`);
    expect(counting.count()).toEqual({ ...COUNTS_WITHOUT_IPV6, tcp6: {}, udp6: {} });
    expect(counting.log.lines).toEqual([]);
  });

  it.each<ReadFrom>(['auto', 'netlink'])('are absent, unlike those of UDP without a list: %s', (readFrom) => {
    const counting = new Counting(readFrom, { tcp: [10], udp: [] });
    counting.host.volume.rmSync('/proc/net/udp');
    expect(counting.count()).toEqual({ tcp: { listen: 1 }, udp: {} });
  });

  it.each(['EACCES', 'EIO', 'ENOTDIR'])('are 0 if looking for their list fails with %s', (code) => {
    for (const table of ['tcp6', 'udp6']) {
      const counting = new Counting('netlink', WITHOUT_IPV6);
      counting.host.hidden.set(`/proc/net/${table}`, code);
      expect(counting.count()).toEqual({ ...COUNTS_WITHOUT_IPV6, [table]: {} });
    }
  });
});

import { describe, expect, it } from 'vitest';

import { FormatError, OperationError } from '../../../collector/base/errors.ts';
import { ProblemError } from '../../../collector/modules/problem.ts';
import { SocketSource } from '../../../collector/modules/sockets/socket_source.ts';
import { Host } from '../../../collector/procfs/host.ts';
import { diagnosed, done, error, failure, type Receipt } from '../../helpers/netlink_channel.ts';
import { logged } from '../../helpers/problems.ts';
import { RecordingLog } from '../../helpers/recording_log.ts';
import { COUNTS, counted, finish, SOCKETS, SocketHost, type SocketStates } from '../../helpers/socket_host.ts';

/** The same host with IPv4 alone. */
const WITHOUT_IPV6: SocketStates = { tcp: SOCKETS.tcp ?? [], udp: SOCKETS.udp ?? [] };
const COUNTS_WITHOUT_IPV6 = { tcp: COUNTS.tcp, udp: COUNTS.udp };

type ReadFrom = 'auto' | 'netlink' | 'procfs';

/** Somebody who counts the sockets of a host, at times in seconds. */
class Counting {
  readonly log = new RecordingLog();
  readonly host: SocketHost;
  readonly source: SocketSource;
  /** The times of the counts that were told to be second tries. */
  readonly secondTries: number[] = [];

  constructor(readFrom: ReadFrom, states: SocketStates = SOCKETS) {
    this.host = new SocketHost(states);
    const { connect, volume } = this.host;
    this.source = new SocketSource({ fs: volume, host: new Host(volume, ''), log: this.log, connect, readFrom });
  }

  count(second = 500): Record<string, Record<string, number>> {
    const { isSecondTry, tallies } = finish(this.source.count(second * 1e6));
    if (isSecondTry) this.secondTries.push(second);
    return counted(tallies);
  }

  /** Every line that was logged: its level and its message. */
  get said(): string[] {
    return this.log.entries.map(({ level, message }) => `${level} ${message}`);
  }
}

const LOST = 'info sockets are counted from procfs, which costs more CPU time: ';
const BACK = 'info sockets are counted over netlink';

describe('sockets', () => {
  it.each<ReadFrom>(['auto', 'netlink', 'procfs'])('are the same in the same host, read from %s', (readFrom) => {
    const counting = new Counting(readFrom);
    expect(counting.count()).toEqual(COUNTS);
    expect([counting.said, counting.secondTries]).toEqual([[], []]);
  });

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

describe('reading from netlink alone', () => {
  it('opens no list', () => {
    const counting = new Counting('netlink', WITHOUT_IPV6);
    counting.count();
    expect(counting.host.opened).toEqual([]);
  });

  it('needs no list at all', () => {
    expect(new Counting('netlink', {}).count()).toEqual({ tcp: {}, tcp6: {}, udp: {}, udp6: {} });
  });

  it('fails where it cannot be had, and says nothing of its own', () => {
    const counting = new Counting('netlink');
    counting.host.failure = new ProblemError('other_namespace', 'sock_diag');
    expect(() => counting.count()).toThrow(new ProblemError('other_namespace', 'sock_diag'));
    counting.host.failure = undefined;
    counting.host.answers.udpSockets = [[error(1)]];
    expect(() => counting.count(501)).toThrow('ask sock_diag for UDP sockets: EPERM: ');
    expect([counting.host.opened, counting.said]).toEqual([[], []]);
  });
});

describe('reading from procfs alone', () => {
  it('opens no channel, however often it is read', () => {
    const counting = new Counting('procfs');
    for (let second = 500; second < 600; second += 10) expect(counting.count(second)).toEqual(COUNTS);
    expect([counting.host.channels, counting.said, counting.secondTries]).toEqual([[], [], []]);
  });

  it('fails where it cannot be read, and says nothing of its own', () => {
    const counting = new Counting('procfs', {});
    expect(() => counting.count()).toThrow('open /proc/net/tcp: ENOENT: ');
    expect([counting.host.channels, counting.said]).toEqual([[], []]);
  });
});

describe('reading from wherever it can', () => {
  const whole = (...states: readonly number[]): readonly Receipt[] => [
    states.map((state) => diagnosed({ state })),
    [done()],
  ];

  it('opens no list while netlink can be had', () => {
    const counting = new Counting('auto');
    for (const second of [500, 505, 510]) expect(counting.count(second)).toEqual(COUNTS);
    expect([counting.host.opened, counting.host.channels.length]).toEqual([[], 1]);
    expect(counting.secondTries).toEqual([]);
  });

  it.each<[string, unknown, Partial<SocketHost['answers']>, string]>([
    ['refused when it is opened', new ProblemError('sock_diag_blocked', 'sock_diag'), {}, logged('sock_diag_blocked')],
    [
      'impossible where the plugin lives',
      new ProblemError('other_namespace', 'sock_diag'),
      {},
      logged('other_namespace'),
    ],
    ['refused for TCP', undefined, { tcpSockets: [[error(2)]] }, logged('no_sock_diag')],
    ['refused for UDP, after TCP was counted', undefined, { udpSockets: [[error(2)]] }, logged('no_sock_diag')],
    [
      'refused for UDP of IPv6, after everything else was counted',
      undefined,
      { udp6Sockets: [[error(13)]] },
      logged('sock_diag_blocked'),
    ],
    [
      'broken off in the middle',
      undefined,
      { tcpSockets: whole(1, 1, 1).slice(0, 1) },
      'ask sock_diag for TCP sockets: the answer broke off',
    ],
    [
      'a channel that fails',
      undefined,
      { tcpSockets: [[diagnosed({ state: 1 })], failure('EIO', 'receive from', 'sock_diag')] },
      'receive from sock_diag: EIO: i/o error',
    ],
    ['nonsense', undefined, { udpSockets: whole(7, 3) }, logged('malformed_reply', 'udp socket in unknown state 3')],
    [
      'an answer to another question',
      undefined,
      { udp6Sockets: whole(7, 7, 7, 1) },
      logged('malformed_reply', 'unrequested socket of address family 2'),
    ],
  ])(
    'falls back on the lists in the same count when netlink is %s, and says so once',
    (_what, failure, answers, why) => {
      const counting = new Counting('auto');
      counting.host.failure = failure;
      Object.assign(counting.host.answers, answers);
      for (const second of [500, 505, 530, 1095, 1100, 1105]) expect(counting.count(second)).toEqual(COUNTS);
      expect(counting.said).toEqual([`${LOST}${why}`]);
      expect([counting.host.held, counting.secondTries]).toEqual([0, [500, 1100]]);
    },
  );

  it('goes back to netlink after ten minutes, and says so once', () => {
    const counting = new Counting('auto');
    const { host } = counting;
    host.answers.tcpSockets = [[error(2)]];
    counting.count(500);
    delete host.answers.tcpSockets;
    for (const second of [505, 530, 800, 1095, 1099]) counting.count(second);
    expect([host.asked, host.channels.length]).toEqual([1, 1]);
    host.opened.length = 0;
    for (const second of [1100, 1105, 1110]) expect(counting.count(second)).toEqual(COUNTS);
    expect([host.asked, host.channels.length, host.opened]).toEqual([4, 2, []]);
    expect(counting.said).toEqual([expect.stringContaining(LOST), BACK]);
    expect(counting.secondTries).toEqual([500]);
  });

  it('tries netlink every ten minutes for as long as it fails, and tells which counts were second tries', () => {
    const counting = new Counting('auto');
    counting.host.answers.udpSockets = [[error(2)]];
    for (let second = 500; second <= 2300; second += 5) counting.count(second);
    expect(counting.secondTries).toEqual([500, 1100, 1700, 2300]);
    expect(counting.host.channels.map(({ isClosed }) => isClosed)).toEqual([true, true, true, true]);
    expect(counting.said).toHaveLength(1);
  });

  it('says it anew when it fails for another reason, and when it fails again', () => {
    const counting = new Counting('auto');
    const { answers } = counting.host;
    answers.tcpSockets = [[error(2)]];
    counting.count(500);
    answers.tcpSockets = [[error(1)]];
    counting.count(1100);
    delete answers.tcpSockets;
    counting.count(1700);
    answers.tcpSockets = [[error(1)]];
    counting.count(1705);
    const sandbox = `${LOST}${logged('sock_diag_blocked')}`;
    expect(counting.said).toEqual([expect.stringContaining('modprobe'), sandbox, BACK, sandbox]);
  });

  it('fails only where neither can be had: with what is wrong with the lists', () => {
    const counting = new Counting('auto');
    counting.host.failure = new ProblemError('other_namespace', 'sock_diag');
    counting.host.refusals.set('/proc/net/tcp', 'ENOENT');
    expect(() => counting.count()).toThrow(OperationError);
    counting.host.refusals.clear();
    counting.host.volume.writeFileSync('/proc/net/udp', 'nonsense\n');
    expect(() => counting.count(505)).toThrow(FormatError);
    expect(counting.said).toEqual([`${LOST}${logged('other_namespace')}`]);
  });

  it('throws a defect of the program', () => {
    const counting = new Counting('auto');
    counting.host.failure = new TypeError('not a function');
    expect(() => counting.count()).toThrow(new TypeError('not a function'));
    expect([counting.host.opened, counting.said]).toEqual([[], []]);
  });
});

describe('a source of sockets that is closed', () => {
  it.each<[ReadFrom, unknown]>([
    ['netlink', undefined],
    ['procfs', undefined],
    ['auto', undefined],
    ['auto', new ProblemError('other_namespace', 'sock_diag')],
  ])('in the middle of a count lets go of everything: %s', (readFrom, failure) => {
    const counting = new Counting(readFrom);
    counting.host.failure = failure;
    const work = counting.source.count(500e6);
    expect(work.next().done).toBe(false);
    expect(counting.host.held).toBe(1);
    counting.source.close();
    expect(counting.host.held).toBe(0);
  });

  it('can count again', () => {
    const counting = new Counting('auto');
    counting.count(500);
    counting.source.close();
    expect(counting.count(505)).toEqual(COUNTS);
    expect(counting.host.channels).toHaveLength(2);
  });
});

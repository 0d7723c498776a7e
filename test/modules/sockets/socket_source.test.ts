import { describe, expect, it } from 'vitest';

import { FormatError, OperationError } from '../../../collector/base/errors.ts';
import { ProblemError } from '../../../collector/modules/problem.ts';
import { Counting, type ReadFrom } from '../../helpers/counting_source.ts';
import { diagnosed, done, error, failure, type Receipt } from '../../helpers/netlink_channel.ts';
import { logged } from '../../helpers/problems.ts';
import { COUNTS, type SocketHost } from '../../helpers/socket_host.ts';

const LOST = 'info sockets are counted from procfs, which costs more CPU time: ';
const BACK = 'info sockets are counted over netlink';

describe('sockets', () => {
  it.each<ReadFrom>(['auto', 'netlink', 'procfs'])('are counted the same from %s', (readFrom) => {
    const counting = new Counting(readFrom);
    expect(counting.count()).toEqual(COUNTS);
    expect([counting.log.lines, counting.secondTries]).toEqual([[], []]);
  });
});

describe('reading from netlink alone', () => {
  it('opens no list', () => {
    const counting = new Counting('netlink', { tcp: [1], udp: [7] });
    counting.count();
    expect(counting.host.opened).toEqual([]);
  });

  it('needs no list at all', () => {
    expect(new Counting('netlink', {}).count()).toEqual({ tcp: {}, tcp6: {}, udp: {}, udp6: {} });
  });

  it('throws its problem, and logs nothing itself', () => {
    const counting = new Counting('netlink');
    counting.host.failure = new ProblemError('other_namespace', 'sock_diag');
    expect(() => counting.count()).toThrow(new ProblemError('other_namespace', 'sock_diag'));
    counting.host.failure = undefined;
    counting.host.answers.udpSockets = [[error(1)]];
    expect(() => counting.count(501)).toThrow('ask sock_diag for UDP sockets: EPERM: ');
    expect([counting.host.opened, counting.log.lines]).toEqual([[], []]);
  });
});

describe('reading from procfs alone', () => {
  it('opens no channel', () => {
    const counting = new Counting('procfs');
    for (let second = 500; second < 600; second += 10) expect(counting.count(second)).toEqual(COUNTS);
    expect([counting.host.channels, counting.log.lines, counting.secondTries]).toEqual([[], [], []]);
  });

  it('throws an error of a list, and logs nothing itself', () => {
    const counting = new Counting('procfs', {});
    expect(() => counting.count()).toThrow('open /proc/net/tcp: ENOENT: ');
    expect([counting.host.channels, counting.log.lines]).toEqual([[], []]);
  });
});

describe('reading from sock_diag or procfs', () => {
  const whole = (...states: readonly number[]): readonly Receipt[] => [
    states.map((state) => diagnosed({ state })),
    [done()],
  ];

  it('opens no list while sock_diag works', () => {
    const counting = new Counting('auto');
    for (const second of [500, 505, 510]) expect(counting.count(second)).toEqual(COUNTS);
    expect([counting.host.opened, counting.host.channels.length]).toEqual([[], 1]);
    expect(counting.secondTries).toEqual([]);
  });

  it.each<[string, unknown, Partial<SocketHost['answers']>, string]>([
    ['refused when it is opened', new ProblemError('sock_diag_blocked', 'sock_diag'), {}, logged('sock_diag_blocked')],
    ['in another network namespace', new ProblemError('other_namespace', 'sock_diag'), {}, logged('other_namespace')],
    ['refused for TCP', undefined, { tcpSockets: [[error(2)]] }, logged('no_sock_diag')],
    ['refused for UDP, after TCP was counted', undefined, { udpSockets: [[error(2)]] }, logged('no_sock_diag')],
    [
      'refused for UDP of IPv6, after everything else was counted',
      undefined,
      { udp6Sockets: [[error(13)]] },
      logged('sock_diag_blocked'),
    ],
    [
      'interrupted',
      undefined,
      { tcpSockets: whole(1, 1, 1).slice(0, 1) },
      'ask sock_diag for TCP sockets: the reply is incomplete',
    ],
    [
      'failing',
      undefined,
      { tcpSockets: [[diagnosed({ state: 1 })], failure('EIO', 'receive from', 'sock_diag')] },
      'receive from sock_diag: EIO: i/o error',
    ],
    ['malformed', undefined, { udpSockets: whole(7, 3) }, logged('malformed_reply', 'udp socket in unknown state 3')],
    [
      'replying to another request',
      undefined,
      { udp6Sockets: whole(7, 7, 7, 1) },
      logged('malformed_reply', 'unrequested socket of address family 2'),
    ],
  ])(
    'falls back to procfs in the same count when netlink is %s, and logs that once',
    (_what, failure, answers, why) => {
      const counting = new Counting('auto');
      counting.host.failure = failure;
      Object.assign(counting.host.answers, answers);
      for (const second of [500, 505, 530, 1095, 1100, 1105]) expect(counting.count(second)).toEqual(COUNTS);
      expect(counting.log.lines).toEqual([`${LOST}${why}`]);
      expect([counting.host.held, counting.secondTries]).toEqual([0, [500, 1100]]);
    },
  );

  it('returns to netlink after ten minutes, logged once', () => {
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
    expect(counting.log.lines).toEqual([expect.stringContaining(LOST), BACK]);
    expect(counting.secondTries).toEqual([500]);
  });

  it('tries netlink every ten minutes while it fails, and flags these counts as second tries', () => {
    const counting = new Counting('auto');
    counting.host.answers.udpSockets = [[error(2)]];
    for (let second = 500; second <= 2300; second += 5) counting.count(second);
    expect(counting.secondTries).toEqual([500, 1100, 1700, 2300]);
    expect(counting.host.channels.map(({ isClosed }) => isClosed)).toEqual([true, true, true, true]);
    expect(counting.log.lines).toHaveLength(1);
  });

  it('logs another reason, and a new failure', () => {
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
    expect(counting.log.lines).toEqual([expect.stringContaining('modprobe'), sandbox, BACK, sandbox]);
  });

  it('throws the error of the lists if neither source works', () => {
    const counting = new Counting('auto');
    counting.host.failure = new ProblemError('other_namespace', 'sock_diag');
    counting.host.refusals.set('/proc/net/tcp', 'ENOENT');
    expect(() => counting.count()).toThrow(OperationError);
    counting.host.refusals.clear();
    counting.host.volume.writeFileSync('/proc/net/udp', 'nonsense\n');
    expect(() => counting.count(505)).toThrow(FormatError);
    expect(counting.log.lines).toEqual([`${LOST}${logged('other_namespace')}`]);
  });

  it('throws a defect of the program', () => {
    const counting = new Counting('auto');
    counting.host.failure = new TypeError('not a function');
    expect(() => counting.count()).toThrow(new TypeError('not a function'));
    expect([counting.host.opened, counting.log.lines]).toEqual([[], []]);
  });
});

describe('a closed source of sockets', () => {
  it.each<[ReadFrom, unknown]>([
    ['netlink', undefined],
    ['procfs', undefined],
    ['auto', undefined],
    ['auto', new ProblemError('other_namespace', 'sock_diag')],
  ])('holds no descriptor, even in the middle of a count: %s', (readFrom, failure) => {
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

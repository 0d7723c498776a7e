import { describe, expect, it } from 'vitest';

import { ProblemError, problemAt } from '../../../collector/modules/problem.ts';
import { error } from '../../helpers/netlink_channel.ts';
import { logged } from '../../helpers/problems.ts';
import type { SocketHost } from '../../helpers/socket_host.ts';
import { COUNTS, Counting } from '../../helpers/sockets_module.ts';

const FAILED = 'sockets are not counted: ';
const NO_LIST = 'open /proc/net/tcp: ENOENT: no such file or directory';

describe('sockets that cannot be counted', () => {
  it.each([
    [false, 'notice'],
    [true, 'error'],
  ])('give no samples and one log line; required: %s', async (required, level) => {
    const counting = new Counting({ read_from: 'procfs', enabled: required });
    counting.host.refusals.set('/proc/net/udp', 'ENOENT');
    for (let second = 500; second < 540; second++) expect(await counting.tick(second)).toBeUndefined();
    expect(counting.log.lines).toEqual([`${level} ${FAILED}open /proc/net/udp: ENOENT: refused`]);
    expect(counting.host.held).toBe(0);
    counting.host.refusals.clear();
    for (let second = 540; second < 563; second++) await counting.tick(second);
    expect(await counting.tick(563)).toEqual(COUNTS);
    expect(counting.log.lines.slice(1)).toEqual(['info sockets can be counted']);
  });

  it.each([
    ['auto', `notice ${FAILED}${NO_LIST}`],
    ['netlink', `notice ${FAILED}${logged('other_namespace')}`],
  ] as const)('have the problem of the source that was tried last: %s', async (readFrom, last) => {
    const counting = new Counting({ read_from: readFrom }, {});
    counting.host.failure = new ProblemError('other_namespace', 'sock_diag');
    await counting.tick(500);
    await counting.tick(501);
    expect(counting.log.lines.at(-1)).toBe(last);
    expect(counting.log.lines).toHaveLength(readFrom === 'auto' ? 2 : 1);
  });

  it.each([
    [1, logged('sock_diag_blocked')],
    [2, logged('no_sock_diag')],
    [12, 'ask sock_diag for UDP sockets: ENOMEM: not enough memory'],
  ])(
    'over netlink alone, because the kernel refuses with error %i, are logged once with the fix',
    async (errno, why) => {
      const counting = new Counting({ read_from: 'netlink' });
      counting.host.answers.udpSockets = [[error(errno)]];
      for (let second = 500; second < 540; second++) expect(await counting.tick(second)).toBeUndefined();
      expect(counting.log.lines).toEqual([`notice ${FAILED}${why}`]);
      expect([counting.host.held, counting.host.opened]).toEqual([0, []]);
      // At 500 and, half a minute after the failure was noticed, at 531: each over its own channel.
      expect(counting.host.channels).toHaveLength(2);
    },
  );

  it('over netlink are counted from procfs at once, which is not a failure', async () => {
    const counting = new Counting({ enabled: true });
    counting.host.answers.udp6Sockets = [[error(2)]];
    await counting.tick(500);
    expect(await counting.tick(501)).toEqual(COUNTS);
    expect(counting.log.lines).toEqual([expect.stringMatching(/^info sockets are counted from procfs/)]);
  });
});

describe('the status of module sockets', () => {
  const LISTS = ['/proc/net/tcp', '/proc/net/tcp6', '/proc/net/udp', '/proc/net/udp6'];

  async function statusOf(readFrom: 'auto' | 'netlink' | 'procfs', prepare: (host: SocketHost) => void) {
    const counting = new Counting({ read_from: readFrom });
    prepare(counting.host);
    await counting.tick(500);
    await counting.tick(501);
    return counting.module.status();
  }

  const elsewhere = (host: SocketHost): void => {
    host.failure = new ProblemError('other_namespace', 'sock_diag');
  };
  const ELSEWHERE = problemAt('other_namespace', 'sock_diag');

  it('names the configured source', async () => {
    expect(await statusOf('auto', () => undefined)).toEqual({ reads: ['sock_diag'], problems: [] });
    expect(await statusOf('netlink', () => undefined)).toEqual({ reads: ['sock_diag'], problems: [] });
    expect(await statusOf('procfs', elsewhere)).toEqual({ reads: LISTS, problems: [] });
  });

  it('loses a part while procfs replaces sock_diag, and everything without a second source', async () => {
    expect(await statusOf('auto', elsewhere)).toEqual({ reads: LISTS, problems: [{ ...ELSEWHERE, loses: 'part' }] });
    expect(await statusOf('netlink', elsewhere)).toEqual({
      reads: ['sock_diag'],
      problems: [{ ...ELSEWHERE, loses: 'all' }],
    });
  });

  it('has the problems of both sources', async () => {
    const both = await statusOf('auto', (host) => {
      elsewhere(host);
      host.refusals.set('/proc/net/tcp', 'EACCES');
    });
    expect(both.problems).toMatchObject([
      { code: 'file_denied', target: '/proc/net/tcp', loses: 'all' },
      { ...ELSEWHERE, loses: 'part' },
    ]);
  });
});

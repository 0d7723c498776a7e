import { describe, expect, it } from 'vitest';

import { FormatError, OperationError, SystemError } from '../../collector/base/errors.ts';
import {
  INTERFACES,
  type InterfaceName,
  isOrdinary,
  messageWithFix,
  PROBLEMS,
  type ProblemCode,
  ProblemError,
  problemAt,
  problemErrorOf,
} from '../../collector/modules/problem.ts';
import { failure } from '../helpers/netlink_channel.ts';

const CODES = Object.keys(PROBLEMS) as ProblemCode[];

describe('the error of an interface', () => {
  it.each<[InterfaceName, Parameters<typeof failure>[0], ProblemCode]>([
    ['ctnetlink', 'EPERM', 'no_capability'],
    ['ctnetlink', 'EACCES', 'no_capability'],
    ['ctnetlink', 'EPROTONOSUPPORT', 'no_ctnetlink'],
    ['ctnetlink', 'EAFNOSUPPORT', 'no_ctnetlink'],
    ['ctnetlink', 'ENOTSUP', 'no_ctnetlink'],
    ['ctnetlink', 'EINVAL', 'no_ctnetlink'],
    ['ctnetlink', 'ENOENT', 'no_ctnetlink'],
    ['ctnetlink', 'EMFILE', 'system_error'],
    ['sock_diag', 'EPERM', 'sock_diag_blocked'],
    ['sock_diag', 'EACCES', 'sock_diag_blocked'],
    ['sock_diag', 'EAFNOSUPPORT', 'sock_diag_blocked'],
    ['sock_diag', 'EPROTONOSUPPORT', 'no_sock_diag'],
    ['sock_diag', 'ENOTSUP', 'no_sock_diag'],
    ['sock_diag', 'EINVAL', 'no_sock_diag'],
    ['sock_diag', 'ENOENT', 'no_sock_diag'],
    ['sock_diag', 'ENOBUFS', 'system_error'],
    ['procfs', 'ENOENT', 'file_missing'],
    ['procfs', 'ENOTDIR', 'file_missing'],
    ['procfs', 'EACCES', 'file_denied'],
    ['procfs', 'EIO', 'system_error'],
    ['conntrackd', 'ENOENT', 'conntrackd_down'],
    ['conntrackd', 'ENOTDIR', 'conntrackd_down'],
    ['conntrackd', 'ECONNREFUSED', 'conntrackd_down'],
    ['conntrackd', 'ECONNRESET', 'conntrackd_down'],
    ['conntrackd', 'EPIPE', 'conntrackd_down'],
    ['conntrackd', 'ETIMEDOUT', 'conntrackd_unresponsive'],
    ['conntrackd', 'EAGAIN', 'conntrackd_unresponsive'],
    ['conntrackd', 'EACCES', 'conntrackd_denied'],
    ['conntrackd', 'EPERM', 'conntrackd_denied'],
    ['conntrackd', 'EMFILE', 'conntrackd_failed'],
  ])('of %s and the errno %s is the problem %s', (from, errno, code) => {
    const found = problemErrorOf(failure(errno, 'open', 'the target'), from, '/the/target');
    expect(found).toMatchObject({ errno, problem: { code, target: '/the/target', loses: 'all' } });
  });

  it('keeps an unknown errno in the message', () => {
    const { problem } = problemErrorOf(failure('EMFILE', 'open', 'sock_diag'), 'sock_diag');
    expect(problem).toMatchObject({ target: 'sock_diag', message: 'open sock_diag: EMFILE: too many open files' });
  });

  it('without an errno keeps its text', () => {
    const error = new OperationError('ask', 'ctnetlink for entries', new Error('the reply is incomplete'));
    const found = problemErrorOf(error, 'ctnetlink');
    expect([found.errno, found.problem.message]).toEqual([
      undefined,
      'ask ctnetlink for entries: the reply is incomplete',
    ]);
  });

  it.each(Object.entries(INTERFACES))(
    'of %s that is malformed input has a code and a text for it',
    (from, { malformed }) => {
      const { problem } = problemErrorOf(new FormatError('17 bytes, not 20'), from as InterfaceName);
      expect(problem.code).toBe(malformed);
      expect(problem.message).toMatch(/^malformed .*: 17 bytes, not 20$/);
    },
  );

  it('that carries a problem already is returned as it is', () => {
    const known = new ProblemError('events_off', 'ctnetlink');
    expect(problemErrorOf(known, 'sock_diag')).toBe(known);
  });

  it.each([
    ['a defect of this program', new TypeError('undefined is not a function')],
    ['a system error outside of any operation', new SystemError(1)],
    ['not an error', 'EPERM'],
    ['undefined', undefined],
  ])('that is %s is rethrown', (_, thrown) => {
    const passOn = (): unknown => {
      try {
        return problemErrorOf(thrown, 'ctnetlink');
      } catch (error) {
        return { thrown: error };
      }
    };
    expect(passOn()).toEqual({ thrown });
  });
});

describe('a problem', () => {
  it.each(CODES)('of code %s has a message with its detail, in one line without a period', (code) => {
    const { message } = problemAt(code, 'the target', 'the detail $& 17');
    expect(message).toMatch(/^[^\n{}]*[^\n{}.]$/);
    expect(message.includes('the detail $& 17')).toBe(PROBLEMS[code].message.includes('{detail}'));
  });

  it('has its fix last in a log line', () => {
    expect(messageWithFix(problemAt('no_ctnetlink', 'ctnetlink'))).toBe(
      'the kernel does not offer ctnetlink; load it with "modprobe nf_conntrack_netlink"',
    );
    expect(messageWithFix(problemAt('malformed_reply', 'ctnetlink', 'cut off'))).toBe(
      'malformed netlink reply: cut off; report this as a bug',
    );
  });

  it('is ordinary only where connection tracking is not in use', () => {
    expect(CODES.filter((code) => isOrdinary(problemAt(code, '')))).toEqual(['tracking_not_loaded']);
  });
});

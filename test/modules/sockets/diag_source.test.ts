import { describe, expect, it } from 'vitest';

import { FormatError, OperationError } from '../../../collector/base/errors.ts';
import { ProblemError } from '../../../collector/modules/problem.ts';
import { DiagSource } from '../../../collector/modules/sockets/diag_source.ts';
import {
  altered,
  diagnosed,
  done,
  error,
  failure,
  type Message,
  message,
  overrun,
  type Receipt,
} from '../../helpers/netlink_channel.ts';
import { COUNTS, counted, finish, SOCKETS, SocketHost, type SocketStates } from '../../helpers/socket_host.ts';

const INTERRUPTED = 0x10;

/** A host and a source. */
function asking(states: SocketStates = SOCKETS): { host: SocketHost; source: DiagSource } {
  const host = new SocketHost(states);
  return { host, source: new DiagSource(host.connect) };
}

/** The error of a count with this reply about TCP sockets. */
function refusal(...answer: readonly Receipt[]): unknown {
  const { host, source } = asking();
  host.answers.tcpSockets = answer;
  try {
    finish(source.count());
  } catch (thrown) {
    return thrown;
  }
  throw new Error('nothing was thrown');
}

describe('sockets over sock_diag', () => {
  it('are counted by list and state, whichever reply they are in', () => {
    const { source } = asking();
    expect(counted(finish(source.count()))).toEqual(COUNTS);
  });

  it('are requested in three dumps over one channel, which is kept', () => {
    const { host, source } = asking();
    const questions = ['tcpSockets', 'udpSockets', 'udp6Sockets'];
    finish(source.count());
    finish(source.count());
    expect(host.channels).toHaveLength(1);
    expect(host.channels[0]?.sent.map(({ question }) => question)).toEqual([...questions, ...questions]);
  });

  it('are counted from 0 each time', () => {
    const { host, source } = asking();
    finish(source.count());
    host.become({ tcp: [4], tcp6: [], udp: [], udp6: [7] });
    expect(counted(finish(source.count()))).toEqual({
      tcp: { fin_wait1: 1 },
      tcp6: {},
      udp: {},
      udp6: { unconnected: 1 },
    });
  });

  it('can be none', () => {
    const { source } = asking({});
    expect(counted(finish(source.count()))).toEqual({ tcp: {}, tcp6: {}, udp: {}, udp6: {} });
  });

  it('of TCP come in one reply, each with its address family', () => {
    const { host, source } = asking({});
    const [inet, inet6] = [diagnosed({ family: 2, state: 8 }), diagnosed({ family: 10, state: 11 })];
    host.answers.tcpSockets = [[[inet6, inet, inet6]], [[inet6], [inet, done()]]];
    expect(counted(finish(source.count()))).toMatchObject({ tcp: { close_wait: 2 }, tcp6: { closing: 3 } });
  });

  it('are counted without reading files', () => {
    const { host, source } = asking();
    finish(source.count());
    expect(host.opened).toEqual([]);
  });

  it('are counted with a yield after each datagram and between two replies', () => {
    const { host, source } = asking();
    const work = source.count();
    const received: number[] = [];
    let reads = 0;
    host.onRead = () => reads++;
    for (let step = work.next(); step.done !== true; step = work.next()) {
      received.push(reads);
      reads = 0;
    }
    // Six datagrams and the end; two and the end; one. The last end needs no pause.
    expect(received).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    expect(reads).toBe(1);
  });

  it.each<[string, readonly Receipt[]]>([
    ['flags at the end', [[[diagnosed({ family: 10, state: 9 }), done(0, INTERRUPTED)]]]],
    ['flags with a socket', [[altered(diagnosed({ family: 10, state: 9 }), 6, 2, INTERRUPTED | 2)], [done()]]],
    ['shows by dropping datagrams', [overrun(), [[diagnosed({ family: 10, state: 9 }), done()]]]],
  ])('that changed meanwhile, which the kernel %s, are counted as reported, without another request', (_, answer) => {
    const { host, source } = asking({});
    host.answers.tcpSockets = answer;
    expect(counted(finish(source.count()))['tcp6']).toEqual({ last_ack: 1 });
    expect(host.asked).toBe(1);
  });
});

describe('sockets that cannot be counted over sock_diag', () => {
  it('without a channel throw its problem', () => {
    const { host, source } = asking();
    host.failure = new ProblemError('other_namespace', 'sock_diag');
    expect(() => finish(source.count())).toThrow(new ProblemError('other_namespace', 'sock_diag'));
  });

  it('because the kernel refuses throw its error with the request', () => {
    const thrown = refusal([error(2)]);
    expect(thrown).toBeInstanceOf(OperationError);
    expect(thrown).toMatchObject({
      code: 'ENOENT',
      message: 'ask sock_diag for TCP sockets: ENOENT: no such file or directory',
    });
  });

  it.each<['udpSockets' | 'udp6Sockets', string]>([
    ['udpSockets', 'ask sock_diag for UDP sockets: ENOENT: '],
    ['udp6Sockets', 'ask sock_diag for UDP sockets of IPv6: ENOENT: '],
  ])('because the kernel refuses throw an error with the name of the request: %s', (question, message) => {
    const { host, source } = asking();
    host.answers[question] = [[error(2)]];
    expect(() => finish(source.count())).toThrow(message);
  });

  it.each<[string, string, readonly Receipt[]]>([
    ['the kernel sends nothing', 'ask sock_diag for TCP sockets: the reply is incomplete', []],
    [
      'the kernel stops sending',
      'ask sock_diag for TCP sockets: the reply is incomplete',
      [[diagnosed({ state: 1 }), diagnosed({ state: 1 })]],
    ],
    [
      'the kernel aborts with an error',
      'ask sock_diag for TCP sockets: ENOMEM: not enough memory',
      [[diagnosed({ state: 1 })], [done(-12)]],
    ],
    [
      'the channel fails',
      'receive from sock_diag: EIO: i/o error',
      [[diagnosed({ state: 1 })], failure('EIO', 'receive from', 'sock_diag')],
    ],
  ])('because %s are an error, not a partial count', (_what, text, answer) => {
    const thrown = refusal(...answer);
    expect(thrown).toBeInstanceOf(OperationError);
    expect(thrown).toMatchObject({ message: text });
  });

  it.each<[string, string, Message]>([
    ['of an unknown state', 'tcp socket in unknown state 13', diagnosed({ state: 13 })],
    ['of no state', 'tcp6 socket in unknown state 0', diagnosed({ family: 10, state: 0 })],
    ['of another address family', 'unrequested socket of address family 1', diagnosed({ family: 1, state: 10 })],
    ['of no address family', 'unrequested socket of address family 0', diagnosed({ family: 0, state: 10 })],
    ['that is truncated', 'a socket of 71 bytes, not 72', message(20, 2, 1, diagnosed({ state: 1 }).slice(16, 87))],
    ['of no bytes', 'a socket of 0 bytes, not 72', message(20, 2, 1)],
    [
      'longer than its datagram',
      'a message claims 5000 bytes, but 96 are left',
      altered(diagnosed({ state: 1 }), 0, 4, 5000),
    ],
  ])('because one is %s are an error, never a wrong number', (_what, text, socket) => {
    const thrown = refusal([[diagnosed({ state: 1 })]], [[socket]], [done()]);
    expect(thrown).toEqual(new FormatError(text));
  });

  it.each([
    ['udpSockets', 10],
    ['udp6Sockets', 2],
    ['udpSockets', 1],
    ['udp6Sockets', 1],
  ] as const)('because %s has one of address family %i are an error, not counted twice', (question, family) => {
    const { host, source } = asking();
    const asked = question === 'udpSockets' ? 2 : 10;
    host.answers[question] = [[[diagnosed({ family: asked, state: 7 }), diagnosed({ family, state: 7 }), done()]]];
    expect(() => finish(source.count())).toThrow(new FormatError(`unrequested socket of address family ${family}`));
  });

  it('because a UDP socket is in a TCP state are an error', () => {
    const { host, source } = asking();
    host.answers.udp6Sockets = [[[diagnosed({ family: 10, state: 10 }), done()]]];
    expect(() => finish(source.count())).toThrow(new FormatError('udp6 socket in unknown state 10'));
  });

  it('can be counted again over another channel', () => {
    const { host, source } = asking();
    host.answers.tcpSockets = [[error(12)]];
    expect(() => finish(source.count())).toThrow(OperationError);
    source.close();
    expect(host.held).toBe(0);
    delete host.answers.tcpSockets;
    expect(counted(finish(source.count()))).toEqual(COUNTS);
    expect(host.channels).toHaveLength(2);
  });
});

describe('the channel to sock_diag', () => {
  it('holds the largest datagram of the kernel', () => {
    const rooms: unknown[] = [];
    const host = new SocketHost({});
    const source = new DiagSource((room) => {
      rooms.push(room);
      return host.connect(room);
    });
    finish(source.count());
    expect(rooms).toEqual([{ slots: 4, slotSize: 32_768 }]);
  });

  it('is opened by the first count, and closed once', () => {
    const { host, source } = asking();
    expect(() => source.close()).not.toThrow();
    expect(host.channels).toEqual([]);
    finish(source.count());
    source.close();
    source.close();
    expect([host.held, host.channels.length]).toEqual([0, 1]);
  });
});

import { describe, expect, it } from 'vitest';

import { FormatError, OperationError } from '../../../collector/base/errors.ts';
import { ProcfsSource } from '../../../collector/modules/sockets/procfs_source.ts';
import { Host } from '../../../collector/procfs/host.ts';
import { capture } from '../../helpers/capture.ts';
import { COUNTS, counted, finish, SOCKETS, SocketHost, type SocketStates } from '../../helpers/socket_host.ts';
import { HEADINGS, inStates, listText, socketLine } from '../../helpers/socket_lists.ts';

const PATHS = ['/proc/net/tcp', '/proc/net/tcp6', '/proc/net/udp', '/proc/net/udp6'];

/** A host and a source. */
function reading(states: SocketStates = SOCKETS, prefix = ''): { host: SocketHost; source: ProcfsSource } {
  const host = new SocketHost(states);
  return { host, source: new ProcfsSource(host.volume, new Host(host.volume, prefix)) };
}

/** The error of a count with this text of a list. */
function refusal(path: string, text: string): unknown {
  const { host, source } = reading();
  host.volume.writeFileSync(path, text);
  return capture(() => finish(source.count()));
}

describe('sockets in the lists of procfs', () => {
  it('are counted by list and state', () => {
    const { source } = reading();
    expect(counted(finish(source.count()))).toEqual(COUNTS);
  });

  it('are counted from 0 each time, and no list stays open in between', () => {
    const { host, source } = reading();
    finish(source.count());
    expect(host.held).toBe(0);
    host.become({ tcp: [11], tcp6: [5, 5], udp: [], udp6: [7] });
    expect(counted(finish(source.count()))).toEqual({
      tcp: { closing: 1 },
      tcp6: { fin_wait2: 2 },
      udp: {},
      udp6: { unconnected: 1 },
    });
    expect(host.opened).toEqual([...PATHS, ...PATHS]);
    expect(host.held).toBe(0);
  });

  it('can be none: lists with headings only', () => {
    const { source } = reading({ tcp: [], tcp6: [], udp: [], udp6: [] });
    expect(counted(finish(source.count()))).toEqual({ tcp: {}, tcp6: {}, udp: {}, udp6: {} });
  });

  it('of IPv6 are omitted on a host without IPv6', () => {
    const { source } = reading({ tcp: [10], udp: [7] });
    expect(counted(finish(source.count()))).toEqual({ tcp: { listen: 1 }, udp: { unconnected: 1 } });
  });

  it('are counted in a list that is longer than the buffer', () => {
    const states = Array.from({ length: 101_234 }, (_, at) => (at % 3 === 0 ? 6 : 1));
    const { source } = reading({ tcp: states, tcp6: [10], udp: [], udp6: [] });
    expect(counted(finish(source.count()))).toMatchObject({
      tcp: { time_wait: 33_745, established: 67_489 },
      tcp6: { listen: 1 },
    });
  });

  it('are counted with a yield after each piece of a list', () => {
    const { host, source } = reading({ tcp: Array.from({ length: 2000 }, () => 1), udp: [7] });
    const work = source.count();
    const reads: number[] = [];
    let before = 0;
    host.onRead = () => reads.push(before);
    for (let step = work.next(); step.done !== true; step = work.next()) before++;
    // Four pieces of 64 KiB and one with the rest, the end of the list; the piece of UDP, and its end.
    expect(reads).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("are those of the host in a container with the host's procfs at a prefix", () => {
    const { host, source } = reading({ tcp: [1, 1, 1], udp: [] }, '/host');
    const volume = host.volume;
    volume.mkdirSync('/host/proc/1/net', { recursive: true });
    volume.writeFileSync('/host/proc/1/net/tcp', listText('tcp', inStates(2, 2)));
    volume.writeFileSync('/host/proc/1/net/udp', listText('udp', inStates(1)));
    host.opened.length = 0;
    expect(counted(finish(source.count()))).toEqual({ tcp: { syn_sent: 2 }, udp: { connected: 1 } });
    expect(host.opened).toEqual(PATHS.map((path) => path.replace('/proc/net', '/host/proc/1/net')));
  });
});

describe('sockets that cannot be counted in procfs', () => {
  it.each([
    ['tcp', { tcp6: [1], udp: [7], udp6: [7] }],
    ['udp', { tcp: [1], tcp6: [1] }],
  ])('because there is no list of %s throw an error that names it', (table, states) => {
    const { source } = reading(states);
    const thrown = capture(() => finish(source.count()));
    expect(thrown).toBeInstanceOf(OperationError);
    expect(thrown).toMatchObject({
      code: 'ENOENT',
      message: expect.stringContaining(`open /proc/net/${table}: ENOENT: `),
    });
  });

  it.each(PATHS)('because there is no permission for %s are an error', (path) => {
    const { host, source } = reading();
    host.refusals.set(path, 'EACCES');
    expect(capture(() => finish(source.count()))).toMatchObject({
      name: 'OperationError',
      code: 'EACCES',
      message: `open ${path}: EACCES: refused`,
    });
  });

  it('because a list cannot be read throw an error that names it', () => {
    const { host, source } = reading();
    host.onRead = () => {
      throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
    };
    expect(capture(() => finish(source.count()))).toMatchObject({
      name: 'OperationError',
      code: 'EIO',
      message: 'read /proc/net/tcp: EIO: i/o error',
    });
  });

  it.each([
    ['is empty', '/proc/net/udp', '', 'empty file'],
    ['has no headings', '/proc/net/tcp6', `${socketLine('tcp6', { state: 1 })}\n`, 'expected a line of headings'],
    ['is cut off', '/proc/net/tcp', listText('tcp', inStates(1, 2)).slice(0, -3), 'the last line is cut off'],
    ['is cut off in its headings', '/proc/net/udp6', '  sl  local_add', 'the last line is cut off'],
    [
      'has a line that is too long',
      '/proc/net/tcp',
      `${listText('tcp', inStates(1))}${'x'.repeat(65_536)}\n`,
      'a line is longer than 65536 bytes',
    ],
    [
      'has something else in it',
      '/proc/net/udp6',
      `${listText('udp6', inStates(1))}something else\n`,
      'not a socket: "something else"',
    ],
    [
      'has a socket of IPv6 in it that should not',
      '/proc/net/udp',
      `${HEADINGS.udp}\n${socketLine('udp6', { state: 1 }).trim()}\n`,
      `not a socket: "${socketLine('udp6', { state: 1 }).trim().slice(0, 160)}"`,
    ],
    ['has an unknown state', '/proc/net/tcp6', listText('tcp6', inStates(1, 13)), 'tcp6 socket in unknown state 13'],
    ['has a state of TCP', '/proc/net/udp', listText('udp', inStates(7, 10)), 'udp socket in unknown state 10'],
  ])('because a list %s are an error that names the file, never a wrong number', (_what, path, text, why) => {
    expect(refusal(path, text)).toEqual(new FormatError(`${path}: ${why}`));
  });

  it('can be counted again after the source is closed', () => {
    const { host, source } = reading();
    host.volume.writeFileSync('/proc/net/tcp6', 'nonsense\n');
    expect(() => finish(source.count())).toThrow(FormatError);
    source.close();
    expect(host.held).toBe(0);
    host.become(SOCKETS);
    expect(counted(finish(source.count()))).toEqual(COUNTS);
  });
});

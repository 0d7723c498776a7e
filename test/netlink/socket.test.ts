import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { errorCode, OperationError, SystemError } from '../../collector/base/errors.ts';
import { CpuStatistics } from '../../collector/netlink/cpu_statistics.ts';
import { NETLINK_NETFILTER } from '../../collector/netlink/ctnetlink.ts';
import { Foreign, receiveMemory } from '../../collector/netlink/foreign.ts';
import { MessageReader } from '../../collector/netlink/message.ts';
import { NetlinkSocket, type SocketOptions } from '../../collector/netlink/socket.ts';
import { Statistics } from '../../collector/netlink/statistics.ts';
import { LITTLE, message } from '../helpers/netlink_channel.ts';
import { FOREIGN, missingForeign } from '../helpers/netlink_foreign.ts';

/** A request that needs no privilege: the interfaces. */
const NETLINK_ROUTE = 0;
const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;
const DONE = 3;
const DUMP = 0x301;
const REQUEST = 0x1;

const sockets: NetlinkSocket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
  vi.restoreAllMocks();
});

function open(options: Partial<SocketOptions> = {}, foreign = new Foreign(FOREIGN)): NetlinkSocket {
  const socket = new NetlinkSocket(foreign, {
    name: 'rtnetlink',
    protocol: NETLINK_ROUTE,
    slots: 8,
    slotSize: 32_768,
    ...options,
  });
  sockets.push(socket);
  return socket;
}

/** `struct ifinfomsg`; the interface 1 is the loopback. */
function links(sequence: number, flags = DUMP): Uint8Array {
  const payload = new Uint8Array(16);
  new DataView(payload.buffer).setInt32(4, flags === DUMP ? 0 : 1, LITTLE);
  return message(RTM_GETLINK, flags, sequence, payload);
}

/** The type and the sequence number of every queued message. */
function take(socket: NetlinkSocket): [number, number][] {
  const reader = new MessageReader(socket.memory);
  const found: [number, number][] = [];
  for (let count = socket.receive(); count > 0; count = socket.receive()) {
    for (let index = 0; index < count; index++) {
      reader.open(socket.start(index), socket.end(index));
      while (reader.next()) found.push([reader.type, reader.sequence]);
    }
  }
  return found;
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(OperationError);
    return errorCode(error);
  }
  return 'nothing was thrown';
}

/** Open descriptors of this process. */
function openDescriptors(): number {
  return readdirSync('/proc/self/fd', { withFileTypes: true }).length;
}

describe.skipIf(missingForeign !== undefined)('a netlink socket', () => {
  it('sends a request and receives the reply, which is ready at once', () => {
    const found = take(sent(open(), links(0x01020304)));
    expect(found.length).toBeGreaterThan(1);
    expect(found.at(-1)).toEqual([DONE, 0x01020304]);
    expect(new Set(found.slice(0, -1).map(String))).toEqual(new Set([String([RTM_NEWLINK, 0x01020304])]));
  });

  it('does not block when nothing is queued', () => {
    expect(open().receive()).toBe(0);
  });

  it('receives as many datagrams at once as it has slots', () => {
    const socket = open({ slots: 3, slotSize: 8192 });
    for (const sequence of [11, 12, 13, 14]) socket.send(links(sequence, REQUEST));
    expect(socket.memory.bytes).toHaveLength(3 * 8192);
    expect(socket.receive()).toBe(3);
    const reader = new MessageReader(socket.memory);
    const sequences = [0, 1, 2].map((index) => {
      expect(socket.start(index)).toBe(index * 8192);
      reader.open(socket.start(index), socket.end(index));
      expect(reader.next()).toBe(true);
      expect(reader.end).toBe(socket.end(index));
      return reader.sequence;
    });
    expect(sequences).toEqual([11, 12, 13]);
    expect(take(socket)).toEqual([[RTM_NEWLINK, 14]]);
  });

  it('shares memory with other sockets, whatever slots they have, when each is read before the other receives', () => {
    const foreign = new Foreign(FOREIGN);
    const memory = receiveMemory(64 * 1024);
    const few = open({ memory, slots: 2, slotSize: 32 * 1024 }, foreign);
    const many = open({ memory, slots: 16, slotSize: 4096 }, foreign);
    for (const socket of [few, many]) expect(socket.memory.bytes.buffer).toBe(memory.buffer);
    for (const sequence of [31, 32]) few.send(links(sequence, REQUEST));
    for (const sequence of [41, 42, 43]) many.send(links(sequence, REQUEST));
    const sequences = (socket: NetlinkSocket): number[] => take(socket).map(([, sequence]) => sequence);
    expect([sequences(many), sequences(few)]).toEqual([
      [41, 42, 43],
      [31, 32],
    ]);
  });

  it('refuses memory that is too small for its slots', () => {
    expect(() => open({ memory: receiveMemory(8191), slots: 2, slotSize: 4096 })).toThrow(
      '8191 bytes cannot hold 2 slots of 4096 bytes',
    );
  });

  it('truncates a datagram longer than its slot and leaves the others complete', () => {
    const socket = open({ slots: 2, slotSize: 64 });
    socket.send(links(21, REQUEST));
    socket.send(links(22, REQUEST));
    expect(socket.receive()).toBe(2);
    expect([0, 1].map((index) => [socket.start(index), socket.end(index)])).toEqual([
      [0, 64],
      [64, 128],
    ]);
    expect([socket.memory.u32[2], socket.memory.u32[16 + 2]]).toEqual([21, 22]);
    expect(socket.receive()).toBe(0);
  });

  it('throws ENOBUFS once when datagrams were dropped, and continues', () => {
    const socket = open();
    socket.setReceiveBuffer(1);
    for (let sequence = 1; sequence <= 50; sequence++) socket.send(links(sequence, REQUEST));
    expect(codeOf(() => socket.receive())).toBe('ENOBUFS');
    const kept = take(socket);
    expect(kept[0]).toEqual([RTM_NEWLINK, 1]);
    expect(kept.length).toBeLessThan(50);
    expect(take(sent(socket, links(51, REQUEST)))).toEqual([[RTM_NEWLINK, 51]]);
  });

  it('drops nothing with a larger receive buffer', () => {
    const socket = open();
    socket.setReceiveBuffer(200 * 1024);
    for (let sequence = 1; sequence <= 50; sequence++) socket.send(links(sequence, REQUEST));
    expect(take(socket)).toHaveLength(50);
  });

  it('falls back to SO_RCVBUF without the right to SO_RCVBUFFORCE', () => {
    const foreign = new Foreign(FOREIGN);
    const setOption = vi.spyOn(foreign, 'setOption').mockImplementationOnce(() => {
      throw new SystemError(1);
    });
    open({}, foreign).setReceiveBuffer(123_456);
    // SOL_SOCKET: SO_RCVBUFFORCE, then SO_RCVBUF.
    expect(setOption.mock.calls.map(([, ...rest]) => rest)).toEqual([
      [1, 33, 123_456],
      [1, 8, 123_456],
    ]);
  });

  it('joins a group by its number', () => {
    const foreign = new Foreign(FOREIGN);
    const setOption = vi.spyOn(foreign, 'setOption');
    open({}, foreign).join(5);
    expect(setOption.mock.calls.map(([, ...rest]) => rest)).toEqual([[270, 1, 5]]);
  });

  it('throws errors with the operation, its name and the reason', () => {
    expect(() => open({ name: 'nonsense', protocol: 99 })).toThrow(
      'open nonsense: EPROTONOSUPPORT: protocol not supported',
    );
    expect(() => open().join(4096)).toThrow('join group 4096 of rtnetlink: EINVAL: invalid argument');
    expect(() => open().send(new Uint8Array(64 * 2 ** 20))).toThrow(/^send to rtnetlink: EMSGSIZE/);
  });

  it.each([
    ['EAGAIN', 11],
    ['EINTR', 4],
  ])('treats %s as nothing queued', (_, errno) => {
    const foreign = new Foreign(FOREIGN);
    vi.spyOn(foreign, 'receive').mockReturnValue(-errno);
    expect(open({}, foreign).receive()).toBe(0);
  });

  it('throws the reason when it cannot receive', () => {
    const foreign = new Foreign(FOREIGN);
    vi.spyOn(foreign, 'receive').mockReturnValue(-12);
    expect(() => open({}, foreign).receive()).toThrow('receive from rtnetlink: ENOMEM: not enough memory');
  });

  it('leaves no descriptor open when it cannot be bound', () => {
    const foreign = new Foreign(FOREIGN);
    vi.spyOn(foreign, 'bind').mockImplementation(() => {
      throw new SystemError(98);
    });
    const before = openDescriptors();
    expect(() => open({}, foreign)).toThrow('bind rtnetlink: EADDRINUSE: address already in use');
    expect(openDescriptors()).toBe(before);
  });

  it('can be closed twice and not used afterwards', () => {
    const before = openDescriptors();
    const socket = open();
    expect(openDescriptors()).toBe(before + 1);
    socket.close();
    socket.close();
    expect(openDescriptors()).toBe(before);
    const uses = [
      () => socket.send(links(1)),
      () => socket.receive(),
      () => socket.join(1),
      () => socket.setReceiveBuffer(1),
    ];
    for (const use of uses) expect(use).toThrow('use rtnetlink: it is closed');
  });

  it('reads the statistics from ctnetlink with privilege, and gets EPERM without', ({ skip }) => {
    const socket = open({ name: 'ctnetlink', protocol: NETLINK_NETFILTER });
    const statistics = new Statistics(socket);
    if (process.getuid?.() !== 0) {
      expect(codeOf(() => statistics.use())).toBe('EPERM');
      return;
    }
    const code = codeOf(() => statistics.use());
    skip(code !== 'nothing was thrown', `needs ctnetlink, which answers ${code}`);
    expect(statistics.use().entries).toBeGreaterThanOrEqual(0);
    const cpus = new CpuStatistics(socket);
    cpus.read();
    expect(cpus.rows).toBeGreaterThan(0);
    expect(cpus.names).toEqual(expect.arrayContaining(['insert', 'expect_new']));
  });
});

function sent(socket: NetlinkSocket, request: Uint8Array): NetlinkSocket {
  socket.send(request);
  return socket;
}

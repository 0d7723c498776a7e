import { describe, expect, it } from 'vitest';

import { FormatError } from '../../collector/base/errors.ts';
import { InetSocket } from '../../collector/netlink/inet_diag.ts';
import { MessageReader } from '../../collector/netlink/message.ts';
import { altered, diagnosed, FakeChannel, type Message } from '../helpers/netlink_channel.ts';

/** `struct nlmsghdr` and `struct inet_diag_msg`. */
const [HEADER, MESSAGE] = [16, 72];

/** What is read of the sockets of one datagram, one after the other: address family and state. */
function read(...messages: readonly Message[]): number[][] {
  const channel = new FakeChannel({ slots: 1, around: diagnosed({ family: 77, state: 88 }) });
  channel.queue([messages]);
  channel.receive();
  const reader = new MessageReader(channel.memory);
  const socket = new InetSocket(channel.memory);
  const found: number[][] = [];
  reader.open(channel.start(0), channel.end(0));
  while (reader.next()) {
    socket.read(reader);
    found.push([socket.family, socket.state]);
  }
  return found;
}

/** A socket whose message has this many bytes. */
function shortened(size: number): Message {
  return altered(diagnosed({ family: 10, state: 4 }).subarray(0, HEADER + size), 0, 4, HEADER + size);
}

describe('the decoder of a socket', () => {
  it('decodes the address family and the state of each socket', () => {
    const sockets = [
      diagnosed({ family: 2, state: 1 }),
      diagnosed({ family: 10, state: 12 }),
      diagnosed({ family: 2, state: 7, type: 18 }),
    ];
    expect(read(...sockets)).toEqual([
      [2, 1],
      [10, 12],
      [2, 7],
    ]);
  });

  it('decodes a socket without attributes', () => {
    expect(read(shortened(MESSAGE))).toEqual([[10, 4]]);
  });

  it.each([0, 1, 2, 4, 71])('refuses a socket of %i bytes, whatever follows', (size) => {
    const act = (): unknown => read(shortened(size));
    expect(act).toThrow(FormatError);
    expect(act).toThrow(`a socket of ${size} bytes, not 72`);
  });

  it('passes on unknown states and address families unchanged', () => {
    expect(read(diagnosed({ family: 255, state: 254 }), diagnosed({ family: 0, state: 0 }))).toEqual([
      [255, 254],
      [0, 0],
    ]);
  });
});

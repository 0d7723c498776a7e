import { afterEach, describe, expect, it } from 'vitest';

import { FormatError, OperationError } from '../../collector/base/errors.ts';
import { Foreign } from '../../collector/netlink/foreign.ts';
import { NamespaceIds, NETLINK_ROUTE } from '../../collector/netlink/nsid.ts';
import { NetlinkSocket } from '../../collector/netlink/socket.ts';
import { ASKED, attribute, concat, FakeChannel, failure, type Message, message } from '../helpers/netlink_channel.ts';
import { FOREIGN, missingForeign } from '../helpers/netlink_foreign.ts';

const RTM_NEWNSID = 88;
const NLMSG_ERROR = 2;
const [NETNSA_NSID, NETNSA_CURRENT] = [1, 5];

/** A number of 32 bits in the host's byte order. */
function native(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}

/** A reply with these attributes, by type. */
function reply(attributes: Readonly<Record<number, Uint8Array>>, sequence = ASKED): Message {
  const built = Object.entries(attributes).map(([type, payload]) => attribute(Number(type), payload));
  return message(RTM_NEWNSID, 0, sequence, concat([new Uint8Array(4), ...built]));
}

/** What is learned of process 712 from the queued replies. */
function idFrom(...replies: readonly Message[]): number | undefined {
  const channel = new FakeChannel();
  channel.queue(...replies.map((one) => [one]));
  return new NamespaceIds(channel).ofProcess(712);
}

/** The sequence number of the first request. */
const FIRST = 1;

describe('the id of a network namespace', () => {
  it('is asked for by process and by descriptor', () => {
    const channel = new FakeChannel();
    channel.queue([reply({ [NETNSA_NSID]: native(3) }, 1)], [reply({ [NETNSA_NSID]: native(4) }, 2)]);
    const ids = new NamespaceIds(channel);
    expect([ids.ofProcess(712), ids.ofDescriptor(17)]).toEqual([3, 4]);
    const words = channel.sent.map(({ bytes }) => [...new Uint32Array(bytes.buffer)]);
    const [RTM_GETNSID, REQUEST, PID, DESCRIPTOR] = [90, 1, 2, 3];
    const type = RTM_GETNSID | (REQUEST << 16);
    expect(words).toEqual([
      [28, type, 1, 0, 0, 8 | (PID << 16), 712],
      [28, type, 2, 0, 0, 8 | (DESCRIPTOR << 16), 17],
    ]);
  });

  it('is found among other attributes and after the reply to another request', () => {
    const other = reply({ [NETNSA_NSID]: native(9) }, 77);
    const own = reply({ [NETNSA_CURRENT]: native(8), [NETNSA_NSID]: native(0) }, FIRST);
    expect(idFrom(other, own)).toBe(0);
  });

  it.each<[string, Message]>([
    ['none is assigned', reply({ [NETNSA_NSID]: native(-1) }, FIRST)],
    ['the reply has none', reply({ [NETNSA_CURRENT]: native(8) }, FIRST)],
    ['its size is unknown', reply({ [NETNSA_NSID]: new Uint8Array(8) }, FIRST)],
    ['there is no such process', message(NLMSG_ERROR, 0, FIRST, native(-3))],
  ])('is undefined if %s', (_, received) => {
    expect(idFrom(received)).toBeUndefined();
  });

  it.each<[string, Message[]]>([
    ['without a reply', []],
    ['if the reply is to another request', [reply({ [NETNSA_NSID]: native(9) }, 77)]],
    ['if the reply is truncated', [reply({ [NETNSA_NSID]: native(9) }, FIRST).subarray(0, 12)]],
  ])('is an error %s', (_, replies) => {
    expect(() => idFrom(...replies)).toThrow(FormatError);
  });

  it('is an error if the socket fails', () => {
    const channel = new FakeChannel();
    channel.queue(failure('ENOBUFS'));
    expect(() => new NamespaceIds(channel).ofProcess(712)).toThrow(OperationError);
  });
});

describe.skipIf(missingForeign !== undefined)("the kernel's ids of network namespaces", () => {
  const ids: NamespaceIds[] = [];

  afterEach(() => {
    for (const one of ids.splice(0)) one.close();
  });

  it('can be asked for without privilege, and there is none without a process or a descriptor', () => {
    const options = { name: 'rtnetlink', protocol: NETLINK_ROUTE, slots: 1, slotSize: 4096 };
    const own = new NamespaceIds(new NetlinkSocket(new Foreign(FOREIGN), options));
    ids.push(own);
    expect([own.ofProcess(2 ** 30), own.ofDescriptor(-1), own.ofProcess(2 ** 30)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

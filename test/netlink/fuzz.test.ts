import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FormatError, OperationError } from '../../collector/base/errors.ts';
import { CpuStatistics } from '../../collector/netlink/cpu_statistics.ts';
import { Exchange } from '../../collector/netlink/exchange.ts';
import { Expectation } from '../../collector/netlink/expectation.ts';
import { Flow } from '../../collector/netlink/flow.ts';
import { InetSocket } from '../../collector/netlink/inet_diag.ts';
import { MessageReader } from '../../collector/netlink/message.ts';
import { Statistics } from '../../collector/netlink/statistics.ts';
import type { Tuple } from '../../collector/netlink/tuple.ts';
import { countersByCpu } from '../helpers/cpu_counters.ts';
import {
  altered,
  bytes,
  concat,
  diagnosed,
  entry,
  FakeChannel,
  type Message,
  message,
} from '../helpers/netlink_channel.ts';
import { recorded } from '../helpers/netlink_recording.ts';

const SLOT = 16 * 1024;
const SLOTS = 128;
const STATISTICS = ['statistics', 'cpu_statistics', 'expectation_statistics'];
const SOCKETS = ['tcp_sockets', 'udp_sockets', 'udp6_sockets'];
/** `struct nlmsghdr` and `struct inet_diag_msg`. */
const SOCKET = 16 + 72;
const RUNS = { numRuns: 300 };

/** What a reader found before the end or the first error. */
interface Outcome {
  readonly found: number[][];
  readonly error: unknown;
}

/** The memory around the datagrams is full of plausible messages. */
function channelOf(
  datagrams: readonly (readonly Message[])[],
  wrong = entry({ protocol: 222, status: 0x55555555, tcpState: 200 }),
): FakeChannel {
  const channel = new FakeChannel({ slots: SLOTS, slotSize: SLOT, around: numbered(wrong) });
  for (const question of [
    'table',
    'expectations',
    'statistics',
    'cpuStatistics',
    'expectationStatistics',
    'tcpSockets',
  ] as const) {
    channel.reply(question, datagrams.length === 0 ? [bytes()] : datagrams);
  }
  return channel;
}

function outcome(action: (found: number[][]) => void): Outcome {
  const found: number[][] = [];
  try {
    action(found);
    return { found, error: undefined };
  } catch (error) {
    return { found, error };
  }
}

function readTable(datagrams: readonly (readonly Message[])[]): Outcome {
  const channel = channelOf(datagrams);
  const flow = new Flow(channel.memory);
  return outcome((found) => {
    new Exchange(channel).answer('table', (reader) => {
      flow.read(reader);
      found.push([flow.family, flow.protocol, flow.status, flow.tcpState]);
    });
  });
}

/** All parts of an entry. */
function readParts(datagrams: readonly (readonly Message[])[]): Outcome {
  const channel = channelOf(datagrams);
  const parts = ['tuples', 'timeout', 'id', 'zone', 'mark', 'counters', 'helper', 'start', 'use'] as const;
  const flow = new Flow(channel.memory, parts);
  return outcome((found) => {
    new Exchange(channel).answer('table', (reader) => {
      flow.read(reader);
      for (const tuple of [flow.original, flow.reply]) found.push(numbersOf(tuple, reader));
      const { dccpState, id, mark, sctpState, timeout, use, zone } = flow;
      found.push([dccpState, id, mark, sctpState, timeout, use, zone]);
    });
  });
}

function readExpectations(datagrams: readonly (readonly Message[])[]): Outcome {
  const channel = channelOf(datagrams);
  const expectation = new Expectation(channel.memory);
  return outcome((found) => {
    new Exchange(channel).answer('expectations', (reader) => {
      expectation.read(reader);
      for (const tuple of [expectation.tuple, expectation.mask, expectation.master])
        found.push(numbersOf(tuple, reader));
      found.push([expectation.timeout, expectation.zone, expectation.flags, expectation.class]);
    });
  });
}

/** The numbers of a tuple, after a look at where its addresses are. */
function numbersOf(tuple: Tuple, { end, start }: MessageReader): number[] {
  const { addressSize, destination, destinationPort, icmpCode, icmpId, icmpType, protocol, source, sourcePort } = tuple;
  for (const at of [source, destination]) {
    if (at >= 0 && (at < start || at + addressSize > end)) throw new Error(`an address at ${at} is not in the message`);
  }
  return [protocol, sourcePort, destinationPort, icmpType, icmpCode, icmpId, tuple.zone];
}

function readEvents(datagrams: readonly (readonly Message[])[]): Outcome {
  const channel = new FakeChannel({ slots: SLOTS, slotSize: SLOT, around: entry({ protocol: 222 }) });
  channel.queue(datagrams);
  const reader = new MessageReader(channel.memory);
  const flow = new Flow(channel.memory);
  return outcome((found) => {
    const count = channel.receive();
    for (let index = 0; index < count; index++) {
      reader.open(channel.start(index), channel.end(index));
      while (reader.next()) {
        flow.readProtocol(reader);
        found.push([flow.family, flow.protocol]);
      }
    }
  });
}

function readStatistics(datagrams: readonly (readonly Message[])[]): Outcome {
  return outcome((found) => {
    const table = new CpuStatistics(channelOf(datagrams));
    table.read();
    for (const [cpu, counters] of countersByCpu(table)) found.push([cpu, ...Object.values(counters)]);
  });
}

function readUse(datagrams: readonly (readonly Message[])[]): Outcome {
  return outcome((found) => {
    const { entries, max = 0 } = new Statistics(channelOf(datagrams)).use();
    found.push([entries, max]);
  });
}

function readSockets(datagrams: readonly (readonly Message[])[]): Outcome {
  const channel = channelOf(datagrams, diagnosed({ family: 222, state: 200 }));
  const socket = new InetSocket(channel.memory);
  return outcome((found) => {
    new Exchange(channel).answer('tcpSockets', (reader) => {
      socket.read(reader);
      found.push([socket.family, socket.state]);
    });
  });
}

const READERS = [readTable, readParts, readExpectations, readEvents, readStatistics, readUse, readSockets];

/** Expects only documented errors, and numbers that fit into their fields. */
function expectSound({ error, found }: Outcome, size: number): void {
  if (error !== undefined && !(error instanceof OperationError)) expect(error).toBeInstanceOf(FormatError);
  // A message takes at least 16 bytes, and the second request gets the same reply; some are found in up to four parts.
  expect(found.length).toBeLessThanOrEqual((4 * size) / 16);
  for (const numbers of found) {
    for (const value of numbers) expect(Number.isInteger(value) && value >= -1 && value <= 0xffffffff).toBe(true);
  }
}

function expectSoundFlows({ found }: Outcome): void {
  for (const [family = -1, protocol = -1, status = 0, tcpState = -1] of found) {
    expect(Math.min(family, protocol, status)).toBeGreaterThanOrEqual(0);
    expect(Math.max(family, protocol, tcpState)).toBeLessThanOrEqual(255);
  }
}

function sizeOf(datagrams: readonly (readonly Message[])[]): number {
  return concat(datagrams.flat()).length;
}

type Change = (datagram: Uint8Array) => Uint8Array;

const flip = fc.tuple(fc.nat(), fc.nat(7)).map(
  ([at, bit]): Change =>
    (datagram) => {
      const copy = bytes(datagram);
      if (copy.length > 0) copy[at % copy.length] = (copy[at % copy.length] ?? 0) ^ (1 << bit);
      return copy;
    },
);

const cut = fc.nat().map(
  (at): Change =>
    (datagram) =>
      datagram.subarray(0, at % (datagram.length + 1)),
);

/** Lengths of messages and attributes are at multiples of 4. */
const newLength = fc.tuple(fc.nat(), fc.constantFrom(0, 1, 3, 4, 5, 8, 15, 16, 17, 20, 0x7fff, 0x8000, 0xffff)).map(
  ([at, length]): Change =>
    (datagram) => {
      const place = (at * 4) % Math.max(4, datagram.length);
      return place + 2 <= datagram.length ? altered(datagram, place, 2, length) : datagram;
    },
);

/** Moves some bytes to another place. */
const move = fc.tuple(fc.nat(), fc.nat(200), fc.nat()).map(
  ([from, length, to]): Change =>
    (datagram) => {
      const start = from % (datagram.length + 1);
      const piece = datagram.subarray(start, start + length);
      const rest = concat([datagram.subarray(0, start), datagram.subarray(start + piece.length)]);
      const place = to % (rest.length + 1);
      return concat([rest.subarray(0, place), piece, rest.subarray(place)]);
    },
);

const changes = fc.array(fc.tuple(fc.nat(), fc.oneof(flip, cut, newLength, move)), { minLength: 1, maxLength: 6 });

/** Changed datagrams of a recording, each as one piece because its lengths cannot be trusted. */
function changed(name: string): fc.Arbitrary<Uint8Array[][]> {
  // The first request has the number 1.
  const whole = recorded(name).map((datagram) => concat(datagram.map(numbered)));
  return fc
    .tuple(changes, fc.shuffledSubarray(whole, { minLength: 1, maxLength: Math.min(6, whole.length) }), fc.boolean())
    .map(([list, some, isShuffled]) => {
      const datagrams: Uint8Array[] = isShuffled ? [...some] : whole.slice(0, 6);
      for (const [which, change] of list) {
        const place = which % datagrams.length;
        datagrams[place] = change(datagrams[place] ?? bytes());
      }
      return datagrams.map((datagram) => [datagram.subarray(0, SLOT)]);
    });
}

function numbered(one: Message): Message {
  return altered(one, 8, 4, 1);
}

describe('the reader', () => {
  it('reads random bytes within their bounds or refuses them', () => {
    const anything = fc.array(
      fc.uint8Array({ maxLength: 300 }).map((datagram) => [datagram]),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(anything, fc.constantFrom(...READERS), (datagrams, read) => {
        expectSound(read(datagrams), sizeOf(datagrams));
      }),
      RUNS,
    );
  });

  it('reads random bytes after a valid header within their bounds or refuses them', () => {
    const type = fc.constantFrom(0x100, 0x102, 0x104, 0x105, 0x200, 0x203, 18, 20, 1, 2, 3, 4);
    const one = fc
      .tuple(type, fc.nat(0xffff), fc.constantFrom(1, 1, 1, 2), fc.uint8Array({ maxLength: 120 }))
      .map((parts) => message(...parts));
    fc.assert(
      fc.property(
        fc.array(fc.array(one, { maxLength: 5 }), { maxLength: 5 }),
        fc.constantFrom(...READERS),
        (datagrams, read) => {
          expectSound(read(datagrams), sizeOf(datagrams));
        },
      ),
      RUNS,
    );
  });

  it('finds only possible entries in a changed table', () => {
    fc.assert(
      fc.property(changed('table'), (datagrams) => {
        const result = readTable(datagrams);
        expectSound(result, sizeOf(datagrams));
        expectSoundFlows(result);
      }),
      RUNS,
    );
  });

  it('finds only possible parts of entries, with addresses inside their message, in a changed table', () => {
    fc.assert(
      fc.property(changed('table'), fc.constantFrom(readParts, readExpectations), (datagrams, read) => {
        expectSound(read(datagrams), sizeOf(datagrams));
      }),
      RUNS,
    );
  });

  it('finds only possible entries in changed events', () => {
    fc.assert(
      fc.property(changed('events'), (datagrams) => {
        const result = readEvents(datagrams);
        expectSound(result, sizeOf(datagrams));
        expectSoundFlows(result);
      }),
      RUNS,
    );
  });

  it.each(SOCKETS)('finds only possible sockets in changed %s, no more than fit', (name) => {
    fc.assert(
      fc.property(changed(name), (datagrams) => {
        const result = readSockets(datagrams);
        const size = sizeOf(datagrams);
        expectSound(result, size);
        expect(result.found.length).toBeLessThanOrEqual(size / SOCKET);
        for (const [family = -1, state = -1] of result.found) {
          expect(Math.min(family, state)).toBeGreaterThanOrEqual(0);
          expect(Math.max(family, state)).toBeLessThanOrEqual(255);
        }
      }),
      RUNS,
    );
  });

  it.each(STATISTICS)('finds only possible counters in changed %s', (name) => {
    fc.assert(
      fc.property(changed(name), fc.constantFrom(readStatistics, readUse), (datagrams, read) => {
        expectSound(read(datagrams), sizeOf(datagrams));
      }),
      RUNS,
    );
  });
});

describe('the reader of a truncated recording', () => {
  it('finds exactly the complete entries', () => {
    const whole = readTable(recorded('table')).found;
    const all = concat(recorded('table').flat().map(numbered));
    expect(whole).toHaveLength(34);
    fc.assert(
      fc.property(fc.nat(all.length - 1), (length) => {
        const { error, found } = readTable([[all.subarray(0, length)]]);
        expect(found).toEqual(whole.slice(0, found.length));
        expect(error instanceof FormatError || error instanceof OperationError).toBe(true);
      }),
      RUNS,
    );
  });

  it.each(SOCKETS)('finds exactly the complete sockets in %s', (name) => {
    const whole = readSockets(recorded(name).map((datagram) => datagram.map(numbered))).found;
    const all = concat(recorded(name).flat().map(numbered));
    const lengths = recorded(name)
      .flat()
      .map(({ length }) => length);
    // All but the end of the answer.
    expect(whole).toHaveLength(lengths.length - 1);
    fc.assert(
      fc.property(fc.nat(Math.min(all.length, SLOT) - 1), (length) => {
        const { error, found } = readSockets([[all.subarray(0, length)]]);
        let left = length;
        const complete = lengths.findIndex((one) => {
          left -= one;
          return left < 0;
        });
        expect(found).toEqual(whole.slice(0, complete));
        expect(error instanceof FormatError || error instanceof OperationError).toBe(true);
      }),
      RUNS,
    );
  });

  it('finds a socket if its fields are complete and refuses it otherwise', () => {
    const sockets = recorded('tcp_sockets').flat().slice(0, -1);
    const whole = readSockets(recorded('tcp_sockets').map((datagram) => datagram.map(numbered))).found;
    fc.assert(
      fc.property(fc.nat(sockets.length - 1), fc.nat(100), (which, size) => {
        const one = sockets[which] ?? bytes();
        const length = Math.min(16 + size, one.length);
        const { error, found } = readSockets([[altered(numbered(one).subarray(0, length), 0, 4, length)]]);
        if (length < SOCKET) expect([found, error]).toEqual([[], expect.any(FormatError)]);
        else expect(found).toEqual([whole[which]]);
      }),
      RUNS,
    );
  });

  it('finds the protocol of an event if it is complete and refuses it otherwise', () => {
    const events = recorded('events').flat();
    const whole = readEvents(events.map((one) => [one])).found;
    fc.assert(
      fc.property(
        fc.nat(events.length - 1),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (which, share) => {
          const one = events[which] ?? bytes();
          const length = 16 + Math.floor((one.length - 16) * share);
          const shortened = altered(one.subarray(0, length), 0, 4, length);
          const { error, found } = readEvents([[shortened]]);
          if (error === undefined) expect(found).toEqual([whole[which]]);
          else expect(error).toBeInstanceOf(FormatError);
        },
      ),
      RUNS,
    );
  });
});

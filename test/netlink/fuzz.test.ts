import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FormatError, OperationError } from '../../collector/base/errors.ts';
import { type Change, cut, flip, move } from '../helpers/changes.ts';
import { altered, bytes, concat, message } from '../helpers/netlink_channel.ts';
import {
  expectSound,
  expectSoundFlows,
  numbered,
  READERS,
  readEvents,
  readExpectations,
  readParts,
  readSockets,
  readStatistics,
  readTable,
  readUse,
  SLOT,
  sizeOf,
} from '../helpers/netlink_readers.ts';
import { recorded } from '../helpers/netlink_recording.ts';

const STATISTICS = ['statistics', 'cpu_statistics', 'expectation_statistics'];

const SOCKETS = ['tcp_sockets', 'udp_sockets', 'udp6_sockets'];

/** `struct nlmsghdr` and `struct inet_diag_msg`. */
const SOCKET = 16 + 72;

const RUNS = { numRuns: 300 };

/** Lengths of messages and attributes are at multiples of 4. */
const newLength = fc.tuple(fc.nat(), fc.constantFrom(0, 1, 3, 4, 5, 8, 15, 16, 17, 20, 0x7fff, 0x8000, 0xffff)).map(
  ([at, length]): Change =>
    (datagram) => {
      const place = (at * 4) % Math.max(4, datagram.length);
      return place + 2 <= datagram.length ? altered(datagram, place, 2, length) : datagram;
    },
);

const changes = fc.array(fc.tuple(fc.nat(), fc.oneof(flip, cut, newLength, move(200))), { minLength: 1, maxLength: 6 });

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
        expect(result.found.flat().filter((byte) => byte < 0 || byte > 255)).toEqual([]);
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

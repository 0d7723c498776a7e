import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EventTally } from '../../../collector/modules/events/event_tally.ts';
import {
  GRE,
  listening,
  MEBIBYTE,
  NOTHING_HAPPENED,
  news,
  RECEIVE_BUFFER,
  TCP,
  UDP,
} from '../../helpers/events_listener.ts';
import {
  altered,
  attribute,
  concat,
  entryAttributes,
  event,
  FakeChannel,
  type Message,
  nested,
  netfilter,
  number,
  overrun,
} from '../../helpers/netlink_channel.ts';

describe('the tally of events', () => {
  it('counts an event that is long because of labels and a security context', () => {
    const listener = listening();
    const attributes = [...entryAttributes({ protocol: GRE }), attribute(22, new Uint8Array(1340))];
    const long = netfilter({ type: 0x100, flags: 0x400, sequence: 0 }, { family: 2 }, ...attributes);
    expect(long.length).toBeGreaterThanOrEqual(1500);
    listener.hear(long, ...news(1));
    expect(listener.tick(101)).toEqual({ ...NOTHING_HAPPENED, new: 2, new_gre: 1, new_tcp: 1 });
    expect(listener.log.lines).toEqual([]);
  });

  it.each([
    [6, 2, 'new_tcp'],
    [6, 10, 'new_tcp'],
    [17, 10, 'new_udp'],
    [1, 2, 'new_icmp'],
    [58, 10, 'new_icmpv6'],
    [132, 2, 'new_sctp'],
    [47, 2, 'new_gre'],
    [50, 2, 'new_other'],
    [255, 10, 'new_other'],
  ])('counts new connections of protocol %i in address family %i as %s', (protocol, family, metric) => {
    const listener = listening();
    listener.hear(event('new', { protocol, family, tcpState: 1 }), event('new', { protocol, family }));
    expect(listener.tick(101)).toEqual({ ...NOTHING_HAPPENED, new: 2, [metric]: 2 });
  });

  it('does not count an update of a connection as a new one', () => {
    const listener = listening();
    listener.hear(event('update', { protocol: TCP, tcpState: 3 }), event('update', { protocol: UDP }), ...news(1));
    expect(listener.tick(101)).toEqual({ ...NOTHING_HAPPENED, new: 1, new_tcp: 1 });
  });

  it('counts every message of every waiting datagram', () => {
    const listener = listening({ receive_buffer: (100 * RECEIVE_BUFFER) / MEBIBYTE });
    listener.channel.queue(
      [[...news(2), event('destroy', { protocol: GRE }), ...news(1, GRE)], event('destroy', { protocol: TCP })],
      news(300, UDP),
      news(257),
    );
    expect(listener.tick(101)).toMatchObject({ new: 560, new_tcp: 259, new_udp: 300, new_gre: 1, deleted: 2 });
    expect(listener.channel.waiting).toBe(0);
  });

  it('has the sum of the protocols as the number of new connections', () => {
    const heard = fc.record({
      kind: fc.constantFrom('new', 'update', 'destroy'),
      protocol: fc.oneof(fc.constantFrom(1, 6, 17, 47, 58, 132), fc.nat(255)),
      family: fc.constantFrom(2, 10),
    });
    fc.assert(
      fc.property(fc.array(heard, { maxLength: 40 }), (events) => {
        const listener = listening();
        listener.hear(...events.map(({ kind, ...entry }) => event(kind, entry)));
        const { new: created, deleted, event_overruns, ...byProtocol } = listener.tick(102) ?? {};
        const sum = Object.values(byProtocol).reduce((total, rate) => total + rate, 0);
        const count = (kind: string): number => events.filter((one) => one.kind === kind).length;
        expect([created, sum, deleted, event_overruns]).toEqual([
          count('new') / 2,
          count('new') / 2,
          count('destroy') / 2,
          0,
        ]);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a malformed event', () => {
  const whole = event('new', { protocol: TCP });
  const header = { type: 0x100, flags: 0x400, sequence: 0 };
  const CASES: readonly (readonly [string, Message, RegExp])[] = [
    ['is cut off within its header', whole.slice(0, 13), /header is truncated to 13 of 16 bytes/],
    ['claims to be longer than it is', altered(whole, 0, 4, 9000), /claims 9000 bytes/],
    ['claims to be shorter than a header', altered(whole, 0, 4, 15), /claims 15 bytes/],
    ['is cut off within its first attribute', altered(whole.slice(0, 30), 0, 4, 30), /attribute claims /],
    ['has no address family', altered(whole.slice(0, 16), 0, 4, 16), /without an address family/],
    ['has no attributes', netfilter(header, { family: 2 }), /without a protocol/],
    ['has no protocol', netfilter(header, { family: 2 }, nested(1, nested(1)), attribute(3, number(8, 4))), /protocol/],
    ['has a protocol of two bytes', netfilter(header, {}, nested(1, nested(2, attribute(1, number(6, 2))))), /2 bytes/],
  ];

  it.each(CASES)('that %s leaves a gap and one log line, until events are well-formed again', (_, bad, why) => {
    const listener = listening();
    listener.channel.queue([...news(2), bad, ...news(3)]);
    expect(listener.tick(101)).toEqual({ event_overruns: 0 });
    listener.channel.queue([bad, event('destroy', { protocol: TCP })]);
    expect(listener.tick(102)).toEqual({ event_overruns: 0 });
    listener.hear(...news(4));
    expect(listener.tick(103)).toEqual({ ...NOTHING_HAPPENED, new: 4, new_tcp: 4 });
    listener.tick(104);
    expect(listener.log.entries).toEqual([
      {
        level: 'warning',
        message: expect.stringMatching(why),
        fields: { code: 'malformed_reply' },
      },
      { level: 'info', message: "the kernel's events are well-formed", fields: undefined },
    ]);
  });

  it('does not hide the number of overruns', () => {
    const listener = listening();
    listener.channel.queue(overrun(), [whole.slice(0, 20)], overrun(), overrun());
    expect(listener.tick(101)).toEqual({ event_overruns: 3 });
  });

  it('never gives a wrong number, however it is truncated or changed', () => {
    const change = fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255), length: fc.nat(whole.length) });
    fc.assert(
      fc.property(change, ({ at, byte, length }) => {
        const listener = listening();
        const changed = concat([whole]);
        changed[at] = byte;
        listener.channel.queue([changed.slice(0, length)], news(1, UDP));
        const values = listener.tick(101) ?? {};
        const isGap = Object.keys(values).join() === 'event_overruns';
        // The changed event is at most one new or one destroyed connection, of some protocol.
        if (!isGap) {
          expect(values['new']).toBeLessThanOrEqual(2);
          expect((values['new'] ?? 0) + (values['deleted'] ?? 0)).toBeLessThanOrEqual(2);
          expect(values['new_udp']).toBeGreaterThanOrEqual(1);
        }
      }),
      { numRuns: 300 },
    );
  });
});

it('the tally counts at most the requested number of events of an endless flood, also after an overrun', () => {
  const channel = new FakeChannel({ slots: 10, slotSize: 1024 });
  const flood = Array.from({ length: 10 }, () => event('new', { protocol: TCP }));
  const receive = channel.receive.bind(channel);
  channel.receive = () => {
    channel.queue(flood);
    return receive();
  };
  const tally = new EventTally(channel);
  expect(tally.drain(95)).toBe(100);

  channel.queue(overrun());
  expect(tally.drain(95)).toBe(760);
  expect(tally).toMatchObject({ overruns: 1, created: 860 });
  expect(tally.createdBy[0]).toBe(860);
});

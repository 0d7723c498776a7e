import fc from 'fast-check';
import { Volume } from 'memfs';
import { describe, expect, it, vi } from 'vitest';

import { eventCharts } from '../../../charts/events.ts';
import { Emitter } from '../../../collector/agent/emit.ts';
import { OperationError } from '../../../collector/base/errors.ts';
import type { Connect } from '../../../collector/modules/access.ts';
import type { Context } from '../../../collector/modules/context.ts';
import { EventsModule, type EventsSettings } from '../../../collector/modules/events/events.ts';
import { ProblemError } from '../../../collector/modules/problem.ts';
import { KernelFile } from '../../../collector/procfs/file.ts';
import { contextOf } from '../../helpers/context.ts';
import { FakeRuntime } from '../../helpers/fake_runtime.ts';
import {
  altered,
  attribute,
  concat,
  entryAttributes,
  event,
  FakeChannel,
  failure,
  type Message,
  nested,
  netfilter,
  number,
  overrun,
  type Receipt,
} from '../../helpers/netlink_channel.ts';
import { logged } from '../../helpers/problems.ts';
import { SETTINGS } from '../../helpers/recorded_host.ts';
import { RecordingLog } from '../../helpers/recording_log.ts';

const SETTING = `${SETTINGS}events`;
const ENTRIES = `${SETTINGS}count`;
const MEBIBYTE = 1024 * 1024;
/** Room for 100 events, as the kernel counts them. */
const RECEIVE_BUFFER = 64_000;

const TCP = 6;
const UDP = 17;
const GRE = 47;

/** A module in a process of its own; what it listens to are channels that a test speaks through. */
class Listener {
  readonly runtime = new FakeRuntime(100e6);
  readonly log = new RecordingLog();
  readonly volume = Volume.fromJSON({ [SETTING]: '1\n', [ENTRIES]: '0\n' });
  /** Every channel that was opened, in order. */
  readonly channels: FakeChannel[] = [];
  readonly module: EventsModule;
  /** Entries in the table: those that are reported, unless a test changes them. */
  #entries = 0;
  /** What becomes of a new channel. */
  prepare: (channel: FakeChannel) => void = () => undefined;

  constructor(settings: Partial<EventsSettings> = {}, parts: Partial<Context> = {}) {
    const ctnetlink: Connect = (room) => {
      const channel = new FakeChannel({ ...room, around: new Uint8Array(room.slotSize).fill(0xff) });
      this.channels.push(channel);
      const queue = channel.queue.bind(channel);
      channel.queue = (...receipts) => {
        queue(...receipts);
        this.change(change(receipts));
      };
      this.prepare(channel);
      return channel;
    };
    const { log, runtime, volume } = this;
    this.module = new EventsModule(contextOf({ ctnetlink, fs: volume, log, runtime, ...parts }), {
      enabled: 'auto',
      every: 1,
      receive_buffer: RECEIVE_BUFFER / MEBIBYTE,
      most_per_second: 1000,
      ...settings,
    });
  }

  /** The channel that was opened last. */
  get channel(): FakeChannel {
    const channel = this.channels.at(-1);
    if (channel === undefined) throw new Error('no channel was opened');
    return channel;
  }

  /** The kernel reports. */
  hear(...messages: readonly Message[]): void {
    this.channel.queue(messages);
  }

  /** Entries come into the table or leave it, and nothing is reported. */
  change(entries: number): void {
    this.#entries += entries;
    this.volume.writeFileSync(ENTRIES, `${Math.max(0, this.#entries)}\n`);
  }

  /** Lets time go by until then and updates: the numbers that are known, `undefined` when there is nothing to draw. */
  tick(second: number): Record<string, number> | undefined {
    this.runtime.advanceTo(second);
    const [sample] = this.module.collect(second * 1e6);
    if (sample === undefined) return undefined;
    const known = Object.entries(sample.values).flatMap(([metric, value]) =>
      value === undefined ? [] : [[metric, value]],
    );
    return Object.fromEntries(known);
  }

  /** Updates every second from one to another, with so many new connections in each. */
  ticks(from: number, to: number, perSecond = 0): (Record<string, number> | undefined)[] {
    return Array.from({ length: to - from + 1 }, (_, index) => {
      this.hear(...news(perSecond));
      return this.tick(from + index);
    });
  }

  /** Every line that was logged: its level and its message. */
  get said(): string[] {
    return this.log.entries.map(({ level, message }) => `${level} ${message}`);
  }
}

/** By how much the number of entries changes with what is reported. */
function change(receipts: readonly Receipt[]): number {
  let sum = 0;
  for (const message of receipts.flatMap((receipt) => (receipt instanceof OperationError ? [] : [...receipt])).flat()) {
    const [type, flags = 0] = message.length < 8 ? [] : new Uint16Array(message.slice(4, 8).buffer);
    if (type === 0x102) sum--;
    if (type === 0x100 && (flags & 0x400) !== 0) sum++;
  }
  return sum;
}

function news(count: number, protocol = TCP): Message[] {
  return Array.from({ length: count }, () => event('new', { protocol }));
}

/** One that listens since the 100th second. */
function listening(options: Partial<EventsSettings> = {}): Listener {
  const listener = new Listener(options);
  expect(listener.tick(100)).toBeUndefined();
  expect(listener.channels).toHaveLength(1);
  return listener;
}

const NOTHING_HAPPENED = {
  ...{ new: 0, deleted: 0, event_overruns: 0 },
  ...{ new_tcp: 0, new_udp: 0, new_icmp: 0, new_icmpv6: 0, new_sctp: 0, new_gre: 0, new_other: 0 },
};

describe('module events', () => {
  it('joins the groups NEW and DESTROY, no others, and sends nothing', () => {
    const { channel } = listening({ receive_buffer: 5 });
    expect(channel.joined).toEqual([1, 3]);
    expect(channel.receiveBuffer).toBe(5 * 1024 * 1024);
    expect(channel.sent).toEqual([]);
  });

  it('draws nothing when it starts to listen, and then what was reported', () => {
    const listener = new Listener();
    expect(listener.tick(100)).toBeUndefined();
    expect(listener.tick(101)).toEqual(NOTHING_HAPPENED);
    listener.hear(...news(3), event('destroy', { protocol: TCP }), ...news(2, UDP));
    expect(listener.tick(102)).toEqual({ ...NOTHING_HAPPENED, new: 5, new_tcp: 3, new_udp: 2, deleted: 1 });
    expect(listener.tick(103)).toEqual(NOTHING_HAPPENED);
    expect(listener.said).toEqual([]);
  });

  it('draws rates over the time that actually passed', () => {
    const listener = listening();
    listener.hear(...news(4));
    expect(listener.tick(101.6)).toMatchObject({ new: 2.5, new_tcp: 2.5 });
    listener.hear(...news(1, UDP), ...[1, 2, 3].map(() => event('destroy', { protocol: UDP })));
    expect(listener.tick(102)).toMatchObject({ new: 2.5, new_udp: 2.5, deleted: 7.5 });
    listener.hear(...news(6));
    expect(listener.tick(105)).toMatchObject({ new: 2 });
  });

  it.each([
    [1, 50_000],
    [1, 100_000],
    [10, 1_000_000],
  ])(
    'draws rates of the first interval over the time since it joined: of %i s, and %i µs later than the tick',
    (every, late) => {
      const listener = new Listener({ every });
      listener.prepare = (channel) => {
        const join = channel.join.bind(channel);
        vi.spyOn(channel, 'join').mockImplementationOnce((group) => {
          listener.runtime.compute(late);
          join(group);
        });
      };
      listener.tick(100);
      listener.hear(...news(3), event('destroy', { protocol: TCP }));
      const seconds = every - late / 1e6;
      expect(listener.tick(100 + every)).toMatchObject({
        new: 3 / seconds,
        new_tcp: 3 / seconds,
        deleted: 1 / seconds,
      });
      listener.hear(...news(3));
      expect(listener.tick(100 + 2 * every)).toMatchObject({ new: 3 / every });
    },
  );

  it.each([
    [100.5, 101],
    [100.899, 101.5],
  ])('draws nothing of a first interval that ends early, at %f s, as if it were a whole one', (early, next) => {
    const listener = listening();
    listener.hear(...news(87), ...Array.from({ length: 61 }, () => event('destroy', { protocol: TCP })));
    expect(listener.tick(early)).toBeUndefined();
    listener.hear(...news(3), event('destroy', { protocol: TCP }));
    const seconds = next - early;
    expect(listener.tick(next)?.['new']).toBeCloseTo(3 / seconds, 9);
    expect(listener.tick(next + 1)).toEqual(NOTHING_HAPPENED);
  });

  it('divides by the time between two readings even if the drain is later than the tick', () => {
    const listener = listening();
    listener.runtime.compute(990_000);
    listener.hear(...news(6));
    // The tick is of 100.9 s; it is read only now.
    listener.runtime.advanceTo(101.2);
    const [sample] = listener.module.collect(100.9e6);
    expect(sample?.values['new']).toBeCloseTo(6 / 1.2, 9);
  });

  it('counts an event that is long because of labels and a security context', () => {
    const listener = listening();
    const attributes = [...entryAttributes({ protocol: GRE }), attribute(22, new Uint8Array(1340))];
    const long = netfilter({ type: 0x100, flags: 0x400, sequence: 0 }, { family: 2 }, ...attributes);
    expect(long.length).toBeGreaterThanOrEqual(1500);
    listener.hear(long, ...news(1));
    expect(listener.tick(101)).toEqual({ ...NOTHING_HAPPENED, new: 2, new_gre: 1, new_tcp: 1 });
    expect(listener.said).toEqual([]);
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

  it('draws new connections as the sum of the protocols', () => {
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

describe('destroyed connections', () => {
  const ends = (count: number): Message[] => Array.from({ length: count }, () => event('destroy', { protocol: UDP }));

  /** One that finds so many entries in the table when it begins to listen. */
  function listeningTo(entries: number): Listener {
    const listener = new Listener();
    listener.change(entries);
    listener.tick(100);
    return listener;
  }

  it('are not drawn while older connections end unreported; new ones are', () => {
    const listener = listeningTo(500);
    listener.hear(...news(3));
    expect(listener.tick(101)).toMatchObject({ new: 3, new_tcp: 3, event_overruns: 0 });
    for (const second of [102, 103, 104, 105]) {
      listener.change(-125);
      expect(listener.tick(second)).not.toHaveProperty('deleted');
    }
    listener.hear(...news(2), ...ends(4));
    expect(listener.tick(106)).toMatchObject({ new: 2, deleted: 4 });
  });

  it('are drawn after a minute in which all ends were reported, even if older connections remain', () => {
    const listener = listeningTo(500);
    for (let second = 101; second < 160; second++) {
      listener.hear(...ends(2));
      expect(listener.tick(second)).not.toHaveProperty('deleted');
    }
    listener.hear(...ends(2));
    expect(listener.tick(160)).toMatchObject({ deleted: 2 });
    listener.change(-1);
    listener.hear(...ends(2));
    expect(listener.tick(161)).not.toHaveProperty('deleted');
  });

  it('are not drawn for a minute after the module resumed listening', () => {
    const listener = listening({ most_per_second: 50 });
    listener.ticks(101, 105, 51);
    expect(listener.channel.isClosed).toBe(true);
    listener.ticks(106, 135);
    expect(listener.channels).toHaveLength(2);
    const drawn = listener.ticks(136, 197).map((values) => values?.['deleted']);
    expect(drawn).toEqual([...Array<undefined>(59).fill(undefined), 0, 0, 0]);
  });

  it('are not drawn in an interval with an overrun, but after it', () => {
    const listener = listening();
    listener.hear(...news(20));
    expect(listener.tick(101)).toHaveProperty('deleted', 0);
    listener.channel.queue(overrun());
    listener.change(-3);
    expect(listener.tick(102)).not.toHaveProperty('deleted');
    listener.hear(...ends(2));
    expect(listener.tick(103)).toHaveProperty('deleted', 2);
  });

  it('are compared with the number of entries at a moment without events', () => {
    const listener = listeningTo(10);
    listener.ticks(101, 160);
    const receive = listener.channel.receive.bind(listener.channel);
    let calls = 0;
    // Between the first drain and the reading of the number two connections are made, and after it one ends.
    vi.spyOn(listener.channel, 'receive').mockImplementation(() => {
      calls++;
      const received = receive();
      if (calls === 1) listener.hear(...news(2));
      if (calls === 3) listener.hear(...ends(1));
      return received;
    });
    expect(listener.tick(161)).toMatchObject({ new: 2, deleted: 1 });
    expect(calls).toBeGreaterThan(4);
  });

  it('are not drawn if the number of entries cannot be read; new ones are', () => {
    const listener = new Listener();
    listener.volume.unlinkSync(ENTRIES);
    listener.tick(100);
    for (let second = 101; second <= 200; second++) {
      expect(Object.keys(listener.tick(second) ?? {})).toEqual(expect.not.arrayContaining(['deleted']));
    }
    expect(listener.tick(201)).toHaveProperty('new', 0);
  });
});

describe('nf_conntrack_netlink that is unloaded while the plugin listens', () => {
  const MODULE = '/sys/module/nf_conntrack_netlink';
  const UNLOADED =
    'warning nf_conntrack_netlink was unloaded: new and destroyed connections of that time are not counted';
  const load = (listener: Listener): void => void listener.volume.mkdirSync(MODULE, { recursive: true });
  const unload = (listener: Listener): void => listener.volume.rmdirSync(MODULE);

  /** One that listens to a kernel that loads the module, after a while, when the groups are joined. */
  function listeningToModule(): Listener {
    const listener = new Listener();
    load(listener);
    listener.tick(100);
    return listener;
  }

  it('is loaded again by joining the groups at the next update, with a gap and one log line', () => {
    const listener = listeningToModule();
    listener.hear(...news(4));
    expect(listener.tick(101)).toMatchObject({ new: 4 });
    unload(listener);
    listener.change(110);
    expect(listener.tick(102)).toBeUndefined();
    expect(listener.channels.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    expect(listener.channel.joined).toEqual([1, 3]);
    load(listener);
    listener.change(5);
    expect(listener.tick(103)).toBeUndefined();
    listener.hear(...news(6));
    expect(listener.tick(104)).toMatchObject({ new: 6 });
    expect(listener.said).toEqual([UNLOADED]);
  });

  it('is noticed even if it was loaded again in between', () => {
    const listener = listeningToModule();
    listener.tick(101);
    listener.hear(...news(2));
    unload(listener);
    load(listener);
    expect(listener.tick(102)).toBeUndefined();
    listener.hear(...news(3));
    expect(listener.tick(103)).toMatchObject({ new: 3 });
    expect(listener.said).toEqual([UNLOADED]);
  });

  it('and cannot be loaded again is logged once with the fix', () => {
    const listener = listeningToModule();
    listener.tick(101);
    unload(listener);
    for (let second = 102; second <= 200; second++) expect(listener.tick(second)).toBeUndefined();
    expect(listener.said).toEqual([
      UNLOADED,
      `notice new and destroyed connections are not collected: ${logged('no_ctnetlink')}`,
    ]);
    expect(listener.module.status().problems).toMatchObject([{ code: 'no_ctnetlink', loses: 'all' }]);
    load(listener);
    const drawn = listener.ticks(201, 240);
    expect(drawn.findIndex((values) => values !== undefined)).toBeLessThan(31);
    expect(drawn.at(-1)).toMatchObject({ new: 0 });
    expect(listener.said.slice(2)).toEqual(['info the kernel reports connections again']);
  });

  it('with connection tracking is not logged', () => {
    const listener = listeningToModule();
    listener.tick(101);
    unload(listener);
    listener.prepare = () => {
      throw new ProblemError('tracking_not_loaded', 'ctnetlink');
    };
    expect(listener.tick(102)).toBeUndefined();
    expect(listener.said).toEqual([]);
  });

  it('is told from a module that is loaded by the first join: nothing is drawn until it is loaded', () => {
    const listener = listening();
    load(listener);
    expect(listener.tick(101)).toBeUndefined();
    listener.hear(...news(2));
    expect(listener.tick(102)).toMatchObject({ new: 2 });
    expect(listener.channels).toHaveLength(2);
    expect(listener.said).toEqual([]);
  });

  it('is not looked up at every update if built in', () => {
    const listener = listening();
    listener.tick(101);
    const look = vi.spyOn(listener.volume, 'statSync');
    listener.ticks(102, 130);
    expect(look).not.toHaveBeenCalled();
  });
});

describe('a table that grows while the kernel reports nothing', () => {
  const SILENT = `warning new and destroyed connections are not collected: ${logged('events_missing')}`;

  it('is not drawn as 0 new connections: the plugin listens again, and draws once an event comes', () => {
    const listener = listening();
    listener.change(49);
    expect(listener.tick(101)).toHaveProperty('new', 0);
    listener.change(1);
    expect(listener.tick(102)).toBeUndefined();
    expect(listener.channel.isClosed).toBe(true);
    expect(listener.said).toEqual([SILENT]);
    expect(listener.module.status().problems).toMatchObject([{ code: 'events_missing', loses: 'all' }]);
    expect(listener.ticks(103, 140)).toEqual(Array<undefined>(38).fill(undefined));
    expect(listener.channels).toHaveLength(2);
    listener.hear(...news(4));
    expect(listener.tick(141)).toMatchObject({ new: 4 });
    expect(listener.said.slice(1)).toEqual(['info the kernel reports connections again']);
    expect(listener.tick(142)).toHaveProperty('new', 0);
  });

  it('because a rule suppresses all events is logged once and not drawn', () => {
    const listener = listening();
    for (let second = 101; second <= 3600; second++) {
      listener.change(10);
      if (second > 104) expect(listener.tick(second)).toBeUndefined();
      else listener.tick(second);
    }
    expect(listener.said).toEqual([SILENT]);
    expect(listener.channels).toHaveLength(2);
  });

  it('because a rule suppresses many events is a problem at most once an hour', () => {
    const listener = listening();
    for (let second = 101; second <= 100 + 2 * 3600; second++) {
      listener.change(7);
      if (second % 60 === 0 && !listener.channel.isClosed) listener.hear(...news(1));
      listener.tick(second);
    }
    expect(listener.channels).toHaveLength(3);
    expect(listener.said).toHaveLength(4);
  });

  it('by connections whose ends are reported is no problem', () => {
    const listener = listening();
    for (let second = 101; second <= 130; second++) {
      listener.change(40);
      listener.hear(event('destroy', { protocol: TCP }));
      expect(listener.tick(second)).toHaveProperty('new', 0);
    }
    expect(listener.said).toEqual([]);
  });

  it('because events were turned off has that problem', () => {
    const listener = listening();
    listener.volume.writeFileSync(SETTING, '0\n');
    listener.change(500);
    expect(listener.tick(101)).toBeUndefined();
    expect(listener.said).toEqual([expect.stringMatching(/events are turned off/)]);
  });
});

describe('an overrun', () => {
  it('is drawn, and everything else has a gap for that interval only', () => {
    const listener = listening();
    listener.hear(...news(2));
    listener.tick(101);
    listener.channel.queue(news(3), overrun(), news(4, UDP), overrun());
    listener.hear(event('destroy', { protocol: UDP }));
    expect(listener.tick(103)).toEqual({ event_overruns: 1 });
    listener.hear(...news(5));
    expect(listener.tick(104)).toEqual({ ...NOTHING_HAPPENED, new: 5, new_tcp: 5 });
  });

  it('is logged at once, then at most once a minute with their number', () => {
    const listener = listening();
    for (let second = 101; second <= 230; second += 2) {
      listener.channel.queue(...Array.from({ length: second === 151 ? 8 : 1 }, overrun));
      listener.tick(second);
      listener.tick(second + 1);
    }
    expect(listener.log.entries.map(({ level, fields }) => [level, fields])).toEqual([
      ['warning', { overruns: 1 }],
      ['warning', { overruns: 37 }],
      ['warning', { overruns: 30 }],
    ]);
    expect(listener.log.messages[0]).toMatch(/modules\.events\.receive_buffer$/);
  });

  it('is logged after the minute if suppressed, even if no other follows', () => {
    const listener = listening();
    listener.channel.queue(overrun());
    listener.tick(101);
    listener.ticks(102, 109);
    listener.channel.queue(overrun(), overrun());
    listener.tick(110);
    for (let second = 111; second <= 160; second++) listener.tick(second);
    expect(listener.log.entries.map(({ fields }) => fields)).toEqual([{ overruns: 1 }]);
    for (let second = 161; second <= 300; second++) listener.tick(second);
    expect(listener.log.entries.map(({ fields }) => fields)).toEqual([{ overruns: 1 }, { overruns: 2 }]);
  });
});

describe('repeated overruns', () => {
  const GIVEN_UP = `new and destroyed connections are not collected: ${logged('events_overrun')}`;

  it.each([
    [1, 6],
    [2, 4],
    [4, 3],
    [5, 2],
    [10, 2],
    [60, 2],
  ])(
    'in every interval of %i s stop the module after %i intervals; a good interval resets that',
    (every, intervals) => {
      const listener = listening({ every });
      let second = 100;
      const update = (isOverrun: boolean): Record<string, number> | undefined => {
        if (isOverrun) listener.channel.queue(overrun(), news(2));
        second += every;
        return listener.tick(second);
      };
      for (let time = 1; time < intervals; time++) update(true);
      expect(listener.channel.isClosed).toBe(false);
      expect(update(false)).toEqual(NOTHING_HAPPENED);
      for (let time = 1; time < intervals; time++) update(true);
      expect(listener.channel.isClosed).toBe(false);
      expect(listener.said).not.toContain(`warning ${GIVEN_UP}`);

      expect(update(true)).toEqual({ event_overruns: 1 / every });
      expect(listener.channel.isClosed).toBe(true);
      expect(listener.said).toContain(`warning ${GIVEN_UP}`);
      expect(listener.runtime.waiting).toBe(0);
    },
  );

  it.each([1, 5, 10, 60])('in every other interval of %i s do not stop the module', (every) => {
    const listener = listening({ every });
    for (let update = 1; update <= 40; update++) {
      if (update % 2 === 1) listener.channel.queue(news(7), overrun(), overrun());
      listener.tick(100 + update * every);
    }
    expect(listener.channels.map(({ isClosed }) => isClosed)).toEqual([false]);
  });

  it('for minutes are logged once, however often the module resumes', () => {
    const listener = listening();
    for (let second = 101; second <= 300; second++) {
      if (!listener.channel.isClosed) listener.channel.queue(overrun());
      listener.tick(second);
    }
    expect(listener.channels.length).toBeGreaterThan(4);
    expect(listener.said.filter((line) => line.endsWith(GIVEN_UP))).toHaveLength(1);
    expect(listener.log.entries.map(({ level }) => level)).not.toContain('info');
  });

  it('are an error if events are required', () => {
    const listener = listening({ every: 5, enabled: true });
    for (const second of [105, 110]) {
      listener.channel.queue(overrun());
      listener.tick(second);
    }
    expect(listener.said).toContain(`error ${GIVEN_UP}`);
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

  it('never gives a wrong number, however it is cut or changed', () => {
    const change = fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255), length: fc.nat(whole.length) });
    fc.assert(
      fc.property(change, ({ at, byte, length }) => {
        const listener = listening();
        const changed = concat([whole]);
        changed[at] = byte;
        listener.channel.queue([changed.slice(0, length)], news(1, UDP));
        const values = listener.tick(101) ?? {};
        const isGap = Object.keys(values).join() === 'event_overruns';
        // One report was changed: at most one connection of some protocol, or one end of one, comes of it.
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

describe('a flood of events', () => {
  const SILENCE = Array<undefined>(29).fill(undefined);

  it.each([
    [1, 5],
    [2, 3],
    [4, 2],
    [5, 1],
    [10, 1],
  ])('stops the module after five seconds: at an interval of %i s, %i updates', (every, updates) => {
    const listener = listening({ every, most_per_second: 10, receive_buffer: (10 * RECEIVE_BUFFER) / MEBIBYTE });
    const drawn: unknown[] = [];
    for (let update = 1; update <= updates; update++) {
      expect(listener.channel.isClosed).toBe(false);
      listener.hear(...news(10 * every + 1));
      drawn.push(listener.tick(100 + update * every)?.['new']);
    }
    expect(listener.channel.isClosed).toBe(true);
    expect(drawn).toEqual(Array(updates).fill((10 * every + 1) / every));
    expect(listener.runtime.waiting).toBe(0);
    expect(listener.tick(100 + (updates + 1) * every)).toBeUndefined();
  });

  it('is logged; the module resumes after half a minute', () => {
    const listener = listening({ most_per_second: 50 });
    listener.ticks(101, 105, 51);
    expect(listener.said).toEqual([
      `warning new and destroyed connections are not collected: ${logged('events_too_many', 50)}`,
    ]);
    expect(Array.from(SILENCE, (_, index) => listener.tick(106 + index))).toEqual(SILENCE);
    expect(listener.channels).toHaveLength(1);

    expect(listener.tick(135)).toBeUndefined();
    expect(listener.channels).toHaveLength(2);
    expect(listener.channel.joined).toEqual([1, 3]);
    expect(listener.said).toHaveLength(1);
    listener.hear(...news(51));
    expect(listener.tick(136)).toMatchObject({ new: 51 });
    expect(listener.said).toHaveLength(1);
    listener.hear(...news(7));
    expect(listener.tick(137)).toMatchObject({ new: 7 });
    expect(listener.said.slice(1)).toEqual(['info the kernel reports connections']);

    listener.ticks(138, 142, 60);
    expect(listener.channel.isClosed).toBe(true);
    expect(listener.said).toHaveLength(3);
  });

  it('that continues is logged once, however often the module resumes', () => {
    const listener = listening({ most_per_second: 50 });
    for (let second = 101; second <= 300; second++) {
      if (!listener.channel.isClosed) listener.hear(...news(51));
      listener.tick(second);
    }
    // Listened to from 100, 135, 170, 205, 240 and 275 on.
    expect(listener.channels).toHaveLength(6);
    expect(listener.said).toHaveLength(1);
  });

  it('are an error if events are required', () => {
    const listener = listening({ most_per_second: 50, enabled: true });
    listener.ticks(101, 105, 51);
    expect(listener.said).toEqual([expect.stringMatching(/^error .* more than 50 /)]);
  });

  it('can consist of destroyed connections', () => {
    const listener = listening({ most_per_second: 50 });
    for (let second = 101; second <= 105; second++) {
      listener.hear(...news(25), ...Array.from({ length: 26 }, () => event('destroy', { protocol: UDP })));
      listener.tick(second);
    }
    expect(listener.channel.isClosed).toBe(true);
  });

  it('is none at the limit, or with a lower rate once in five seconds', () => {
    const listener = listening({ most_per_second: 50 });
    listener.ticks(101, 120, 50);
    listener.ticks(121, 124, 99);
    listener.ticks(125, 125, 3);
    listener.ticks(126, 129, 99);
    expect(listener.channel.isClosed).toBe(false);
    expect(listener.said).toEqual([]);
    listener.ticks(130, 130, 99);
    expect(listener.channel.isClosed).toBe(true);
  });
});

describe('events that are turned off', () => {
  const OFF = `new and destroyed connections are not collected: ${logged('events_off')}`;

  it.each([
    [false, 'notice'],
    [true, 'error'],
  ])('at the start are a problem, logged once; required (%s): %s', (required, level) => {
    const listener = new Listener({ enabled: required });
    listener.volume.writeFileSync(SETTING, '0\n');
    for (let second = 100; second < 400; second++) expect(listener.tick(second)).toBeUndefined();
    expect(listener.channels).toEqual([]);
    expect(listener.said).toEqual([`${level} ${OFF}`]);

    listener.volume.writeFileSync(SETTING, '2\n');
    // Looked for at 100, 130, 160 and so on.
    expect([400, 401].map((second) => listener.tick(second))).toEqual([undefined, NOTHING_HAPPENED]);
    expect(listener.said.slice(1)).toEqual(['info the kernel reports connections']);
  });

  it('while listening are no longer drawn, until they are turned on again', () => {
    const listener = listening();
    expect(listener.ticks(101, 112)).not.toContain(undefined);
    listener.volume.writeFileSync(SETTING, '0\n');
    expect(listener.tick(113)).toBeUndefined();
    expect(listener.channel.isClosed).toBe(true);
    expect(listener.said).toEqual([`notice ${OFF}`]);

    listener.volume.writeFileSync(SETTING, '1\n');
    expect(listener.ticks(114, 142).filter((values) => values !== undefined)).toEqual([]);
    expect(listener.channels).toHaveLength(1);
    expect(listener.tick(143)).toBeUndefined();
    expect(listener.channels).toHaveLength(2);
    expect(listener.tick(144)).toEqual(NOTHING_HAPPENED);
  });

  it('are noticed when no new connection comes: otherwise the setting is not read', () => {
    const listener = listening();
    listener.volume.writeFileSync(SETTING, '0\n');
    const read = vi.spyOn(KernelFile.prototype, 'read');
    const wasRead = (): boolean =>
      read.mock.contexts.some((file) => file instanceof KernelFile && file.path === SETTING);
    expect(listener.ticks(101, 130, 1)).not.toContain(undefined);
    listener.channel.queue(overrun(), news(1));
    expect(listener.tick(131)).toMatchObject({ event_overruns: 1 });
    expect(wasRead()).toBe(false);
    // What was made while events were on is still reported when it ends.
    listener.hear(event('destroy', { protocol: UDP }));
    expect(listener.tick(132)).toBeUndefined();
    expect(wasRead()).toBe(true);
    expect(listener.channel.isClosed).toBe(true);
  });

  it.each([
    ['is missing', undefined],
    ['holds no number', 'on\n'],
    ['is empty', ''],
  ])('are not assumed when the setting %s', (_what, text) => {
    const listener = new Listener();
    listener.volume.unlinkSync(SETTING);
    if (text !== undefined) listener.volume.writeFileSync(SETTING, text);
    listener.tick(100);
    expect(listener.ticks(101, 115)).not.toContain(undefined);
    expect(listener.said).toEqual([]);
  });

  it.each<[boolean, readonly string[]]>([
    [false, []],
    [
      true,
      [
        `error new and destroyed connections are not collected: ${logged('tracking_not_loaded')}`,
        'info the kernel reports connections again',
      ],
    ],
  ])('are told from a setting that vanishes with connection tracking; required (%s)', (required, said) => {
    const listener = listening({ enabled: required });
    expect(listener.tick(101)).toEqual(NOTHING_HAPPENED);
    // As the kernel does: whoever holds it open cannot read it any more.
    listener.volume.writeFileSync(SETTING, '');
    listener.volume.unlinkSync(SETTING);
    expect(listener.tick(102)).toBeUndefined();
    expect(listener.channel.isClosed).toBe(true);

    listener.prepare = () => {
      throw new ProblemError('tracking_not_loaded', 'ctnetlink');
    };
    for (let second = 103; second < 162; second++) expect(listener.tick(second)).toBeUndefined();
    expect(listener.said).toEqual(said.slice(0, 1));
    listener.prepare = () => undefined;
    listener.volume.writeFileSync(SETTING, '1\n');
    expect(listener.tick(162)).toBeUndefined();
    expect(listener.tick(163)).toEqual(NOTHING_HAPPENED);
    expect(listener.said).toEqual(said);
  });

  it('are not assumed if the setting was missing already when the module resumed', () => {
    const listener = listening();
    listener.volume.unlinkSync(SETTING);
    expect(listener.tick(101)).toBeUndefined();
    expect(listener.tick(131)).toBeUndefined();
    expect(listener.ticks(132, 140)).not.toContain(undefined);
  });
});

describe('a kernel that refuses events', () => {
  const NOT_DRAWN = 'new and destroyed connections are not collected: ';
  const CAPABILITY = logged('no_capability');

  it.each([
    [false, 'notice'],
    [true, 'error'],
  ])('has its fix logged once, if required (%s) as %s, and is tried again every half minute', (required, level) => {
    const listener = new Listener({ enabled: required });
    listener.prepare = (channel) => {
      channel.failures.join = failure('EPERM', 'join group 1 of');
    };
    for (let second = 100; second < 190; second++) expect(listener.tick(second)).toBeUndefined();
    expect(listener.channels.map(({ isClosed }) => isClosed)).toEqual([true, true, true]);
    expect(listener.said).toEqual([`${level} ${NOT_DRAWN}${CAPABILITY}`]);

    listener.prepare = () => undefined;
    expect(listener.tick(190)).toBeUndefined();
    expect(listener.said).toHaveLength(1);
    expect(listener.tick(191)).toEqual(NOTHING_HAPPENED);
    expect(listener.said.slice(1)).toEqual(['info the kernel reports connections']);
  });

  it('for a new reason has that logged once, too', () => {
    const listener = new Listener();
    const reasons = ['EPERM', 'EPERM', 'ENOENT', 'ENOENT', 'EPERM'] as const;
    for (const [attempt, reason] of reasons.entries()) {
      listener.prepare = (channel) => {
        channel.failures.join = failure(reason, 'join');
      };
      listener.tick(100 + 30 * attempt);
    }
    expect(listener.channels).toHaveLength(5);
    expect(listener.said).toEqual([
      `notice ${NOT_DRAWN}${CAPABILITY}`,
      expect.stringContaining('modprobe nf_conntrack_netlink'),
      `notice ${NOT_DRAWN}${CAPABILITY}`,
    ]);
  });

  it('or the receive buffer is a problem, and the channel is closed', () => {
    const listener = new Listener();
    listener.prepare = (channel) => {
      channel.failures.setReceiveBuffer = failure('ENOMEM', 'set the receive buffer of');
    };
    listener.tick(100);
    expect(listener.channel).toMatchObject({ isClosed: true, joined: [] });
    expect(listener.said).toEqual([expect.stringMatching(/^notice .*set the receive buffer of ctnetlink: ENOMEM/)]);
  });

  it('but grants a smaller receive buffer is read more often, and that is logged once', () => {
    const listener = new Listener();
    listener.prepare = (channel) => {
      channel.mostReceiveBuffer = 12_800;
    };
    listener.tick(100);
    // A quarter of the room for 10 events is full after half a second.
    listener.ticks(101, 101, 5);
    expect(listener.runtime.asked).toEqual([500]);
    expect(listener.log.entries).toEqual([
      {
        level: 'notice',
        message: logged('small_receive_buffer', 12_800),
        fields: { code: 'small_receive_buffer', asked: 2 * RECEIVE_BUFFER },
      },
    ]);
  });

  it.each([
    [2 ** 31 - 2, []],
    [2 ** 31 - 4, [{ code: 'small_receive_buffer', asked: 2 ** 31 - 2 }]],
  ])(
    'gives it %i bytes where 1 GiB is asked for, says so only when that is not the most there can be',
    (most, said) => {
      const listener = new Listener({ receive_buffer: 1024 });
      listener.prepare = (channel) => {
        channel.mostReceiveBuffer = most;
      };
      listener.tick(100);
      expect(listener.channel.receiveBuffer).toBe(2 ** 30);
      expect(listener.log.entries.map(({ fields }) => fields)).toEqual(said);
    },
  );

  it.each([
    [1, 1, false],
    [5, 1, false],
    [10, 1, false],
    [15, 1, false],
    [20, 1, false],
    [25, 1, false],
    [60, 1, false],
    [1, 2, true],
  ])(
    'keeps its charts unless it does so for long: updated every %i s, %i failures, obsolete: %s',
    (every, failures, isObsolete) => {
      const listener = listening({ every });
      const emitter = new Emitter({ charts: eventCharts, source: '' });
      let text = '';
      const update = (second: number): void => {
        listener.runtime.advanceTo(second);
        text += emitter.render(second * 1e6, [
          { module: 'events', every, samples: listener.module.collect(second * 1e6) },
        ]);
      };
      for (let time = 1; time <= 3; time++) update(100 + time * every);
      listener.channel.queue(failure('ENOMEM'));
      listener.prepare = (channel) => {
        if (listener.channels.length <= failures) channel.failures.join = failure('ENOMEM', 'join');
      };
      for (let second = 100 + 4 * every; second <= 700; second += every) update(second);
      expect(listener.channels).toHaveLength(failures + 1);
      expect(listener.said.at(-1)).toBe('info the kernel reports connections again');
      expect(text.includes('obsolete')).toBe(isObsolete);
    },
  );

  it.each([
    [false, []],
    [true, [`error ${NOT_DRAWN}${logged('tracking_not_loaded')}`]],
  ])('because it tracks no connections is ordinary, unless events are required (%s)', (required, said) => {
    let asked = 0;
    const connect = (): never => {
      asked++;
      throw new ProblemError('tracking_not_loaded', 'ctnetlink');
    };
    const listener = new Listener({ enabled: required }, { ctnetlink: connect });
    for (let second = 100; second < 160; second++) expect(listener.tick(second)).toBeUndefined();
    expect(asked).toBe(2);
    expect(listener.said).toEqual(said);
  });

  it('is told from a defect of the program, which every update throws', () => {
    const connect = (): never => {
      throw new TypeError('room is not iterable');
    };
    const listener = new Listener({}, { ctnetlink: connect });
    expect(() => listener.tick(100)).toThrow(TypeError);
    expect(() => listener.tick(101)).toThrow(new TypeError('room is not iterable'));
    expect(listener.said).toEqual([]);
  });
});

describe('between two updates', () => {
  it('no timer runs while the rate is low', () => {
    const listener = listening();
    listener.ticks(101, 400);
    listener.ticks(401, 430, 24);
    expect(listener.runtime.asked).toEqual([]);
  });

  it('events are drained when the rate requires it, and counted at the next update', () => {
    const listener = listening();
    // A quarter of the room for 100 events is full after half a second.
    listener.ticks(101, 101, 50);
    expect(listener.runtime.asked).toEqual([500]);
    listener.hear(...news(15));
    listener.runtime.advanceTo(101.499);
    expect(listener.channel.waiting).toBe(1);
    listener.runtime.advanceTo(101.5);
    expect(listener.channel.waiting).toBe(0);
    expect(listener.runtime.asked).toEqual([500, 833]);
    listener.hear(...news(2, UDP));
    expect(listener.tick(102)).toMatchObject({ new: 17, new_tcp: 15, new_udp: 2 });
    // Two in half a second: none is needed any more.
    expect(listener.runtime.waiting).toBe(0);
  });

  it('events are drained more often as the rate grows, up to a hundred times a second', () => {
    const listener = listening({ most_per_second: 1e6 });
    listener.ticks(101, 101, 50);
    for (const [at, count] of [
      [101.5, 40],
      [101.8125, 60],
    ] as const) {
      listener.hear(...news(count));
      listener.runtime.advanceTo(at);
    }
    // 25 events take 312 ms at 80 a second, and 130 ms at 60 in 312 ms.
    expect(listener.runtime.asked.slice(0, 3)).toEqual([500, 312, 130]);
    listener.hear(...news(90));
    listener.runtime.advanceTo(101.942);
    listener.hear(...news(90));
    listener.runtime.advanceTo(101.978);
    expect(listener.runtime.asked.slice(3)).toEqual([36, 10]);
    expect(listener.runtime.waiting).toBe(1);
    expect(listener.tick(102)).toMatchObject({ new: 280 });
  });

  it('a short silence does not reset the rate', () => {
    const listener = listening();
    listener.ticks(101, 101, 80);
    for (const second of [101.3125, 101.625, 101.9375]) {
      listener.hear(...news(25));
      listener.runtime.advanceTo(second);
    }
    // The update comes right after a reading, and nothing happened in between.
    expect(listener.tick(102)).toMatchObject({ new: 75 });
    expect(listener.runtime.waiting).toBe(1);
    expect(listener.runtime.asked.at(-1)).toBe(624);
  });

  it('each reading without events halves the rate', () => {
    const listener = listening();
    listener.ticks(101, 101, 96);
    listener.runtime.advanceTo(101.9);
    // A quarter of the room for 100 events is full after 260 ms at 96 a second, after 520 ms at 48, and so on.
    expect(listener.runtime.asked).toEqual([260, 520]);
    listener.tick(102);
    expect(listener.runtime.waiting).toBe(0);
  });

  it('no more events are drained at once than the buffer holds, so that a flood does not block everything else', () => {
    const listener = listening({ most_per_second: 1e6 });
    listener.channel.queue(news(60), news(60), news(60));
    expect(listener.tick(101)).toMatchObject({ new: 120 });
    expect(listener.channel.waiting).toBe(1);
    listener.runtime.advanceTo(101.5);
    expect(listener.channel.waiting).toBe(0);
    expect(listener.tick(102)).toMatchObject({ new: 60 });
  });

  it('after an overrun the buffer is drained completely, because the kernel drops events until it is empty', () => {
    const listener = listening({ most_per_second: 1e6 });
    listener.channel.queue(news(60), overrun(), ...Array.from({ length: 9 }, () => news(60)));
    expect(listener.tick(101)).toEqual({ event_overruns: 1 });
    expect(listener.channel.waiting).toBe(0);

    listener.runtime.advanceTo(102);
    listener.channel.queue(news(60), news(60), news(60));
    expect(listener.tick(102)).toMatchObject({ new: 120 });
    expect(listener.channel.waiting).toBe(1);
  });

  it('after an overrun the buffer is drained completely between updates, too', () => {
    const listener = listening({ most_per_second: 1e6 });
    listener.ticks(101, 101, 50);
    listener.channel.queue(overrun(), ...Array.from({ length: 5 }, () => news(70)));
    listener.runtime.advanceTo(101.5);
    expect(listener.channel.waiting).toBe(0);
    listener.channel.queue(news(70), news(70), news(70));
    listener.tick(102);
    expect(listener.channel.waiting).toBe(0);
  });

  it('of a long interval, events are drained every two seconds', () => {
    const listener = listening({ every: 60 });
    expect(listener.runtime.asked).toEqual([2000]);
    for (const second of [102, 104, 106]) {
      listener.hear(...news(1));
      listener.runtime.advanceTo(second);
      expect(listener.channel.waiting).toBe(0);
    }
    expect(listener.tick(160)).toMatchObject({ new: 3 / 60 });
  });

  it('an overrun is not an error', () => {
    const listener = listening();
    listener.ticks(101, 101, 50);
    listener.channel.queue(overrun(), news(3));
    listener.runtime.advanceTo(101.5);
    expect(listener.channel.waiting).toBe(0);
    expect(listener.tick(102)).toEqual({ event_overruns: 1 });
    expect(listener.channel.isClosed).toBe(false);
  });

  it('a channel that fails is closed and logged by the next update, and opened again after half a minute', () => {
    const listener = listening();
    listener.ticks(101, 101, 50);
    listener.channel.queue(failure('ENOMEM'));
    listener.runtime.advanceTo(101.9);
    expect(listener.runtime.waiting).toBe(0);
    expect(listener.tick(102)).toBeUndefined();
    expect(listener.channel.isClosed).toBe(true);
    expect(listener.said).toEqual([expect.stringMatching(/^notice .* receive from ctnetlink: ENOMEM/)]);
    expect(listener.tick(131)).toBeUndefined();
    expect(listener.channels).toHaveLength(1);
    listener.change(-50);
    listener.tick(132);
    expect(listener.channels).toHaveLength(2);
    expect(listener.tick(133)).toEqual(NOTHING_HAPPENED);
  });

  it('a defect of the program is thrown by the next update, after which the module listens again', () => {
    const listener = listening();
    listener.ticks(101, 101, 50);
    vi.spyOn(listener.channel, 'receive').mockImplementationOnce(() => {
      throw new RangeError('offset is out of bounds');
    });
    listener.runtime.advanceTo(101.6);
    const broken = listener.channel;
    expect(() => listener.tick(102)).toThrow(new RangeError('offset is out of bounds'));
    expect(broken.isClosed).toBe(true);
    expect(listener.tick(103)).toBeUndefined();
    listener.hear(...news(8));
    expect(listener.tick(104)).toMatchObject({ new: 8 });
  });
});

describe('a module events that is closed', () => {
  it('closes its channel, its two files and its timer', () => {
    const listener = listening();
    const opened = vi.spyOn(listener.volume, 'openSync');
    const closed = vi.spyOn(listener.volume, 'closeSync');
    listener.ticks(101, 101, 50);
    expect(listener.runtime.waiting).toBe(1);
    listener.module.close();
    expect(listener.channel.isClosed).toBe(true);
    expect(listener.runtime.waiting).toBe(0);
    expect(opened).not.toHaveBeenCalled();
    expect(closed).toHaveBeenCalledTimes(2);
  });

  it('before it listened has nothing to close', () => {
    const listener = new Listener();
    expect(() => listener.module.close()).not.toThrow();
    expect(listener.channels).toEqual([]);
  });
});

describe('the status of module events', () => {
  it('has the current problem', () => {
    const listener = listening();
    expect(listener.module.status()).toEqual({ reads: ['ctnetlink'], problems: [] });
    listener.volume.writeFileSync(SETTING, '0\n');
    listener.tick(101);
    expect(listener.module.status()).toMatchObject({
      reads: ['ctnetlink'],
      problems: [{ code: 'events_off', target: 'ctnetlink', loses: 'all' }],
    });
  });
});

import { describe, expect, it, vi } from 'vitest';

import {
  ENTRIES,
  ends,
  Listener,
  listening,
  listeningTo,
  NOTHING_HAPPENED,
  news,
  SETTING,
  TCP,
  UDP,
} from '../../helpers/events_listener.ts';
import { event, overrun } from '../../helpers/netlink_channel.ts';

describe('module events', () => {
  it('joins the groups NEW and DESTROY, no others, and sends nothing', () => {
    const { channel } = listening({ receive_buffer: 5 });
    expect(channel.joined).toEqual([1, 3]);
    expect(channel.receiveBuffer).toBe(5 * 1024 * 1024);
    expect(channel.sent).toEqual([]);
  });

  it('returns nothing when it starts to listen, then the rates of the reported connections', () => {
    const listener = new Listener();
    expect(listener.tick(100)).toBeUndefined();
    expect(listener.tick(101)).toEqual(NOTHING_HAPPENED);
    listener.hear(...news(3), event('destroy', { protocol: TCP }), ...news(2, UDP));
    expect(listener.tick(102)).toEqual({ ...NOTHING_HAPPENED, new: 5, new_tcp: 3, new_udp: 2, deleted: 1 });
    expect(listener.tick(103)).toEqual(NOTHING_HAPPENED);
    expect(listener.log.lines).toEqual([]);
  });

  it('computes rates over the time that actually passed', () => {
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
    'computes the first rates over the time since it joined: in an interval of %i s, %i µs after the tick',
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
  ])('returns nothing for a first interval that ends early, at %f s', (early, next) => {
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
    // The tick of 100.9 s, read only now.
    listener.runtime.advanceTo(101.2);
    const [sample] = listener.module.collect(100.9e6);
    expect(sample?.values['new']).toBeCloseTo(6 / 1.2, 9);
  });
});

describe('destroyed connections', () => {
  it('are absent for a minute after the module resumed listening', () => {
    const listener = listening({ most_per_second: 50 });
    listener.ticks(101, 105, 51);
    expect(listener.channel.isClosed).toBe(true);
    listener.ticks(106, 135);
    expect(listener.channels).toHaveLength(2);
    const deleted = listener.ticks(136, 197).map((values) => values?.['deleted']);
    expect(deleted).toEqual([...Array<undefined>(59).fill(undefined), 0, 0, 0]);
  });

  it('are absent in an interval with an overrun, but not in the next', () => {
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
    // Two connections are created between the first drain and the reading of the number, and one ends after it.
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

  it('are absent if the number of entries cannot be read; new ones are not', () => {
    const listener = new Listener();
    listener.volume.unlinkSync(ENTRIES);
    listener.tick(100);
    for (let second = 101; second <= 200; second++) {
      expect(Object.keys(listener.tick(second) ?? {})).toEqual(expect.not.arrayContaining(['deleted']));
    }
    expect(listener.tick(201)).toHaveProperty('new', 0);
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

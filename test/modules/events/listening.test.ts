import { describe, expect, it, vi } from 'vitest';

import { Listener, listening, NOTHING_HAPPENED, news, RECEIVE_BUFFER, UDP } from '../../helpers/events_listener.ts';
import { failure, overrun } from '../../helpers/netlink_channel.ts';
import { logged } from '../../helpers/problems.ts';

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
    // Two in half a second: no drain is needed before the next update.
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
    // The update follows a drain directly.
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

  it('after an overrun the buffer is also drained completely between updates', () => {
    const listener = listening({ most_per_second: 1e6 });
    listener.ticks(101, 101, 50);
    listener.channel.queue(overrun(), ...Array.from({ length: 5 }, () => news(70)));
    listener.runtime.advanceTo(101.5);
    expect(listener.channel.waiting).toBe(0);
    listener.channel.queue(news(70), news(70), news(70));
    listener.tick(102);
    expect(listener.channel.waiting).toBe(0);
  });

  it('in a long interval, events are drained every two seconds', () => {
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
    expect(listener.log.lines).toEqual([expect.stringMatching(/^notice .* receive from ctnetlink: ENOMEM/)]);
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

describe('a kernel that limits the receive buffer', () => {
  it('makes the plugin drain a smaller one more often, and log that once', () => {
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
  ])('to %i of the requested 1 GiB is logged only if a larger one is possible', (most, said) => {
    const listener = new Listener({ receive_buffer: 1024 });
    listener.prepare = (channel) => {
      channel.mostReceiveBuffer = most;
    };
    listener.tick(100);
    expect(listener.channel.receiveBuffer).toBe(2 ** 30);
    expect(listener.log.entries.map(({ fields }) => fields)).toEqual(said);
  });
});

import { describe, expect, it } from 'vitest';

import {
  listening,
  MEBIBYTE,
  NOTHING_HAPPENED,
  news,
  RECEIVE_BUFFER,
  SETTING,
  TCP,
  UDP,
} from '../../helpers/events_listener.ts';
import { event, overrun } from '../../helpers/netlink_channel.ts';
import { logged } from '../../helpers/problems.ts';

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
    const rates: unknown[] = [];
    for (let update = 1; update <= updates; update++) {
      expect(listener.channel.isClosed).toBe(false);
      listener.hear(...news(10 * every + 1));
      rates.push(listener.tick(100 + update * every)?.['new']);
    }
    expect(listener.channel.isClosed).toBe(true);
    expect(rates).toEqual(Array(updates).fill((10 * every + 1) / every));
    expect(listener.runtime.waiting).toBe(0);
    expect(listener.tick(100 + (updates + 1) * every)).toBeUndefined();
  });

  it('is logged; the module resumes after half a minute', () => {
    const listener = listening({ most_per_second: 50 });
    listener.ticks(101, 105, 51);
    expect(listener.log.lines).toEqual([
      `warning new and destroyed connections are not collected: ${logged('events_too_many', 50)}`,
    ]);
    expect(Array.from(SILENCE, (_, index) => listener.tick(106 + index))).toEqual(SILENCE);
    expect(listener.channels).toHaveLength(1);

    expect(listener.tick(135)).toBeUndefined();
    expect(listener.channels).toHaveLength(2);
    expect(listener.channel.joined).toEqual([1, 3]);
    expect(listener.log.lines).toHaveLength(1);
    listener.hear(...news(51));
    expect(listener.tick(136)).toMatchObject({ new: 51 });
    expect(listener.log.lines).toHaveLength(1);
    listener.hear(...news(7));
    expect(listener.tick(137)).toMatchObject({ new: 7 });
    expect(listener.log.lines.slice(1)).toEqual(['info the kernel reports connections']);

    listener.ticks(138, 142, 60);
    expect(listener.channel.isClosed).toBe(true);
    expect(listener.log.lines).toHaveLength(3);
  });

  it('that continues is logged once, however often the module resumes', () => {
    const listener = listening({ most_per_second: 50 });
    for (let second = 101; second <= 300; second++) {
      if (!listener.channel.isClosed) listener.hear(...news(51));
      listener.tick(second);
    }
    // Listening begins at 100, 135, 170, 205, 240 and 275.
    expect(listener.channels).toHaveLength(6);
    expect(listener.log.lines).toHaveLength(1);
  });

  it('can consist of destroyed connections', () => {
    const listener = listening({ most_per_second: 50 });
    for (let second = 101; second <= 105; second++) {
      listener.hear(...news(25), ...Array.from({ length: 26 }, () => event('destroy', { protocol: UDP })));
      listener.tick(second);
    }
    expect(listener.channel.isClosed).toBe(true);
  });

  it('needs five seconds above the limit without a lower rate in between', () => {
    const listener = listening({ most_per_second: 50 });
    listener.ticks(101, 120, 50);
    listener.ticks(121, 124, 99);
    listener.ticks(125, 125, 3);
    listener.ticks(126, 129, 99);
    expect(listener.channel.isClosed).toBe(false);
    expect(listener.log.lines).toEqual([]);
    listener.ticks(130, 130, 99);
    expect(listener.channel.isClosed).toBe(true);
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
      expect(listener.log.lines).not.toContain(`warning ${GIVEN_UP}`);

      expect(update(true)).toEqual({ event_overruns: 1 / every });
      expect(listener.channel.isClosed).toBe(true);
      expect(listener.log.lines).toContain(`warning ${GIVEN_UP}`);
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
    expect(listener.log.lines.filter((line) => line.endsWith(GIVEN_UP))).toHaveLength(1);
    expect(listener.log.entries.map(({ level }) => level)).not.toContain('info');
  });
});

describe('a table that grows while the kernel reports nothing', () => {
  const SILENT = `warning new and destroyed connections are not collected: ${logged('events_missing')}`;

  it('is not returned as 0 new connections: the plugin listens again, and returns rates once an event arrives', () => {
    const listener = listening();
    listener.change(49);
    expect(listener.tick(101)).toHaveProperty('new', 0);
    listener.change(1);
    expect(listener.tick(102)).toBeUndefined();
    expect(listener.channel.isClosed).toBe(true);
    expect(listener.log.lines).toEqual([SILENT]);
    expect(listener.module.status().problems).toMatchObject([{ code: 'events_missing', loses: 'all' }]);
    expect(listener.ticks(103, 140)).toEqual(Array<undefined>(38).fill(undefined));
    expect(listener.channels).toHaveLength(2);
    listener.hear(...news(4));
    expect(listener.tick(141)).toMatchObject({ new: 4 });
    expect(listener.log.lines.slice(1)).toEqual(['info the kernel reports connections again']);
    expect(listener.tick(142)).toHaveProperty('new', 0);
  });

  it('because a rule suppresses all events is logged once and has no rates', () => {
    const listener = listening();
    for (let second = 101; second <= 3600; second++) {
      listener.change(10);
      if (second > 104) expect(listener.tick(second)).toBeUndefined();
      else listener.tick(second);
    }
    expect(listener.log.lines).toEqual([SILENT]);
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
    expect(listener.log.lines).toHaveLength(4);
  });

  it('is not a problem if ends of connections are reported', () => {
    const listener = listening();
    for (let second = 101; second <= 130; second++) {
      listener.change(40);
      listener.hear(event('destroy', { protocol: TCP }));
      expect(listener.tick(second)).toHaveProperty('new', 0);
    }
    expect(listener.log.lines).toEqual([]);
  });

  it('because events were turned off has the problem events_off', () => {
    const listener = listening();
    listener.volume.writeFileSync(SETTING, '0\n');
    listener.change(500);
    expect(listener.tick(101)).toBeUndefined();
    expect(listener.log.lines).toEqual([expect.stringMatching(/events are turned off/)]);
  });
});

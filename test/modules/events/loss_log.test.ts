import { describe, expect, it } from 'vitest';

import { listening, NOTHING_HAPPENED, news, UDP } from '../../helpers/events_listener.ts';
import { event, overrun } from '../../helpers/netlink_channel.ts';

describe('an overrun', () => {
  it('is counted, and all other numbers have a gap in that interval only', () => {
    const listener = listening();
    listener.hear(...news(2));
    listener.tick(101);
    listener.channel.queue(news(3), overrun(), news(4, UDP), overrun());
    listener.hear(event('destroy', { protocol: UDP }));
    expect(listener.tick(103)).toEqual({ event_overruns: 1 });
    listener.hear(...news(5));
    expect(listener.tick(104)).toEqual({ ...NOTHING_HAPPENED, new: 5, new_tcp: 5 });
  });

  it('is logged at once; later ones at most once a minute, with their number', () => {
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

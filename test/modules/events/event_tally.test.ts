import { expect, it } from 'vitest';

import { EventTally } from '../../../collector/modules/events/event_tally.ts';
import { event, FakeChannel, overrun } from '../../helpers/netlink_channel.ts';

const TCP = 6;

it('counts no more than it may of a flood that never ends, also after an overrun', () => {
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

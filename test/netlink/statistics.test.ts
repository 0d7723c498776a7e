import { describe, expect, it } from 'vitest';

import { FormatError, OperationError } from '../../collector/base/errors.ts';
import { Statistics } from '../../collector/netlink/statistics.ts';
import {
  altered,
  attribute,
  error,
  FakeChannel,
  type Message,
  netfilter,
  number,
  statistics,
} from '../helpers/netlink_channel.ts';

const GLOBAL = { type: 0x105 };

function use(answer: Message): unknown {
  const channel = new FakeChannel();
  channel.reply('statistics', [answer]);
  return new Statistics(channel).use();
}

describe('the use of the connection table', () => {
  it.each([
    ['entries and a limit', statistics({ entries: 34, max: 320_000 }), { entries: 34, max: 320_000 }],
    [
      'numbers of up to 32 bits',
      statistics({ entries: 0xffffffff, max: 0xfffffffe }),
      { entries: 0xffffffff, max: 0xfffffffe },
    ],
    ['no limit if it is 0', statistics({ entries: 17, max: 0 }), { entries: 17, max: undefined }],
    ['no limit if the kernel sends none', statistics({ entries: 23 }), { entries: 23, max: undefined }],
    ['no entries', statistics({ entries: 0, max: 9 }), { entries: 0, max: 9 }],
    [
      'the known attributes among unknown ones',
      netfilter(
        GLOBAL,
        {},
        attribute(77, new Uint8Array(3)),
        attribute(1, number(5, 4)),
        attribute(3, new Uint8Array(8)),
      ),
      { entries: 5, max: undefined },
    ],
  ])('has %s', (_, answer, expected) => {
    expect(use(answer)).toEqual(expected);
  });

  it.each([
    [
      'has no number of entries',
      netfilter(GLOBAL, {}, attribute(2, number(9, 4))),
      'statistics without a number of entries',
    ],
    ['has no attributes', netfilter(GLOBAL, {}), 'statistics without a number of entries'],
    ['is an acknowledgement', error(0), 'statistics without a number of entries'],
    ['has no header', altered(netfilter(GLOBAL, {}), 0, 4, 19), 'statistics without a header'],
    [
      'has 8 bytes of entries',
      netfilter(GLOBAL, {}, attribute(1, new Uint8Array(8))),
      'attribute 1 has 8 bytes, not 4',
    ],
    [
      'has a limit of 2 bytes',
      netfilter(GLOBAL, {}, attribute(1, number(1, 4)), attribute(2, number(1, 2))),
      'attribute 2 has 2 bytes, not 4',
    ],
  ])('is unknown if the reply %s', (_, answer, text) => {
    expect(() => use(answer)).toThrow(new FormatError(text));
  });

  it('is unknown if the kernel refuses', () => {
    expect(() => use(error(1))).toThrow(OperationError);
  });

  it('is read again each time', () => {
    const channel = new FakeChannel();
    channel.replyWith('statistics', (time) => [[statistics({ entries: 100 + time })]]);
    const asked = new Statistics(channel);
    expect([asked.use().entries, asked.use().entries]).toEqual([101, 102]);
  });
});

import { describe, expect, it } from 'vitest';

import { FormatError, OperationError } from '../../collector/base/errors.ts';
import { Statistics } from '../../collector/netlink/statistics.ts';
import {
  altered,
  attribute,
  cpuStatistics,
  done,
  error,
  expectationStatistics,
  FakeChannel,
  type Message,
  netfilter,
  number,
  type Receipt,
  statistics,
} from '../helpers/netlink_channel.ts';

const GLOBAL = { type: 0x105 };
const CPU = { type: 0x104, flags: 2 };

function answering(answers: { cpu?: readonly Receipt[]; expectations?: readonly Receipt[] }): Statistics {
  const channel = new FakeChannel();
  channel.reply('cpuStatistics', ...(answers.cpu ?? [[done()]]));
  channel.reply('expectationStatistics', ...(answers.expectations ?? [[done()]]));
  return new Statistics(channel);
}

function use(answer: Message): unknown {
  const channel = new FakeChannel();
  channel.reply('statistics', [answer]);
  return new Statistics(channel).use();
}

describe('the use of the table', () => {
  it.each([
    ['entries and a limit', statistics({ entries: 34, max: 320_000 }), { entries: 34, max: 320_000 }],
    [
      'as many as can be counted',
      statistics({ entries: 0xffffffff, max: 0xfffffffe }),
      { entries: 0xffffffff, max: 0xfffffffe },
    ],
    ['no limit, where it is 0', statistics({ entries: 17, max: 0 }), { entries: 17, max: undefined }],
    ['no limit, where the kernel tells none', statistics({ entries: 23 }), { entries: 23, max: undefined }],
    ['an empty table', statistics({ entries: 0, max: 9 }), { entries: 0, max: 9 }],
    [
      'what is known among what is not',
      netfilter(
        GLOBAL,
        {},
        attribute(77, new Uint8Array(3)),
        attribute(1, number(5, 4)),
        attribute(3, new Uint8Array(8)),
      ),
      { entries: 5, max: undefined },
    ],
  ])('is %s', (_, answer, expected) => {
    expect(use(answer)).toEqual(expected);
  });

  it.each([
    ['without entries', netfilter(GLOBAL, {}, attribute(2, number(9, 4))), 'statistics without a number of entries'],
    ['with nothing', netfilter(GLOBAL, {}), 'statistics without a number of entries'],
    ['that only acknowledges', error(0), 'statistics without a number of entries'],
    ['without a header', altered(netfilter(GLOBAL, {}), 0, 4, 19), 'statistics without a header'],
    [
      'of entries with 8 bytes',
      netfilter(GLOBAL, {}, attribute(1, new Uint8Array(8))),
      'attribute 1 has 8 bytes, not 4',
    ],
    [
      'of a limit with 2 bytes',
      netfilter(GLOBAL, {}, attribute(1, number(1, 4)), attribute(2, number(1, 2))),
      'attribute 2 has 2 bytes, not 4',
    ],
  ])('makes no sense in an answer %s', (_, answer, text) => {
    expect(() => use(answer)).toThrow(new FormatError(text));
  });

  it('cannot be told when the kernel refuses', () => {
    expect(() => use(error(1))).toThrow(OperationError);
  });

  it('can be asked for again and again', () => {
    const channel = new FakeChannel();
    channel.replyWith('statistics', (time) => [[statistics({ entries: 100 + time })]]);
    const asked = new Statistics(channel);
    expect([asked.use().entries, asked.use().entries]).toEqual([101, 102]);
  });
});

describe('the counters of every CPU', () => {
  it('are those of the columns of the statistics file, each from its own attribute', () => {
    const every = Array.from({ length: 16 }, (_, type) => attribute(type, number(1000 + type, 4)));
    const expectations = [1, 2, 3].map((type) => attribute(type, number(2000 + type, 4)));
    const asked = answering({
      cpu: [[netfilter(CPU, { resource: 5 }, ...every)], [done()]],
      expectations: [[netfilter({ type: 0x203, flags: 2 }, { resource: 5 }, ...expectations)], [done()]],
    });
    // In the order of `enum ctattr_stats_cpu` and `enum ctattr_expect_stats`.
    expect([...asked.cpus()]).toEqual([
      [
        5,
        {
          searched: 1001,
          found: 1002,
          new: 1003,
          invalid: 1004,
          ignore: 1005,
          delete: 1006,
          delete_list: 1007,
          insert: 1008,
          insert_failed: 1009,
          drop: 1010,
          early_drop: 1011,
          icmp_error: 1012,
          search_restart: 1013,
          clashres: 1014,
          chainlength: 1015,
          expect_new: 2001,
          expect_create: 2002,
          expect_delete: 2003,
        },
      ],
    ]);
  });

  it('are told by the number of the CPU, in the order of the kernel', () => {
    const asked = answering({
      cpu: [
        [cpuStatistics(258, { found: 11 }), cpuStatistics(3, { found: 12 })],
        [[cpuStatistics(65_535, { found: 13 }), done()]],
      ],
      expectations: [
        [[expectationStatistics(3, { expect_new: 22 }), expectationStatistics(258, { expect_new: 21 }), done()]],
      ],
    });
    const cpus = [...asked.cpus()].map(([cpu, counters]) => [cpu, counters['found'], counters['expect_new']]);
    expect(cpus).toEqual([
      [258, 11, 21],
      [3, 12, 22],
      [65_535, 13, undefined],
    ]);
  });

  it('reach as far as 32 bits do', () => {
    const asked = answering({ cpu: [[cpuStatistics(0, { drop: 0xffffffff, insert: 0x80000000 }), done()]] });
    expect(asked.cpus().get(0)).toMatchObject({ drop: 4_294_967_295, insert: 2_147_483_648 });
  });

  it('are no more than the kernel tells', () => {
    const asked = answering({
      cpu: [[netfilter(CPU, { resource: 1 }, attribute(2, number(7, 4)), attribute(16, number(9, 4))), done()]],
    });
    expect([...asked.cpus()]).toEqual([[1, { found: 7 }]]);
  });

  it('cannot be told when some of them were lost', () => {
    const one = cpuStatistics(0, { drop: 3 });
    const asked = answering({ cpu: [[altered(one, 6, 2, 0x12)], [done()]] });
    expect(() => asked.cpus()).toThrow(new FormatError('statistics that are not whole'));
  });

  it('are none when the kernel tells none', () => {
    expect(answering({}).cpus().size).toBe(0);
  });

  it.each<[string, Message, typeof OperationError | typeof FormatError]>([
    ['refuses', error(1), OperationError],
    ['breaks off', done(-12), OperationError],
    ['tells no CPU', altered(netfilter(CPU, {}), 0, 4, 18), FormatError],
    ['tells a counter of 8 bytes', netfilter(CPU, {}, attribute(2, new Uint8Array(8))), FormatError],
  ])('cannot be told when the kernel %s, in the first answer or the second', (_, answer, kind) => {
    expect(() => answering({ cpu: [[answer]] }).cpus()).toThrow(kind);
    expect(() => answering({ expectations: [[answer]] }).cpus()).toThrow(kind);
  });
});

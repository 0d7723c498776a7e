import { describe, expect, it } from 'vitest';

import { FormatError, OperationError } from '../../collector/base/errors.ts';
import { CpuStatistics } from '../../collector/netlink/cpu_statistics.ts';
import { countersByCpu } from '../helpers/cpu_counters.ts';
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
} from '../helpers/netlink_channel.ts';

const CPU = { type: 0x104, flags: 2 };
const EXPECTATIONS = { type: 0x203, flags: 2 };

interface Answers {
  readonly cpu?: readonly Receipt[];
  readonly expectations?: readonly Receipt[];
}

/** A table, and a function that reads it from the given answers. */
function openTable(): { table: CpuStatistics; read: (answers: Answers) => void } {
  const channel = new FakeChannel();
  const table = new CpuStatistics(channel);
  const read = ({ cpu = [[done()]], expectations = [[done()]] }: Answers): void => {
    channel.reply('cpuStatistics', ...cpu);
    channel.reply('expectationStatistics', ...expectations);
    table.read();
  };
  return { table, read };
}

function reading(...answers: readonly Answers[]): CpuStatistics {
  const { read, table } = openTable();
  answers.forEach(read);
  return table;
}

/** An answer in which each CPU has found so many connections. */
function found(counts: Readonly<Record<number, number>>): Answers {
  return { cpu: [[[...Object.entries(counts).map(([cpu, count]) => foundBy(Number(cpu), count)), done()]]] };
}

function foundBy(cpu: number, count: number): Message {
  return netfilter(CPU, { resource: cpu }, attribute(2, number(count, 4)));
}

describe('the counters of every CPU over netlink', () => {
  it('have the names of the columns of the statistics file, each from its own attribute', () => {
    const every = Array.from({ length: 16 }, (_, type) => attribute(type, number(1000 + type, 4)));
    const expectations = Array.from({ length: 5 }, (_, type) => attribute(type, number(2000 + type, 4)));
    const table = reading({
      cpu: [[netfilter(CPU, { resource: 5 }, ...every)], [done()]],
      expectations: [[netfilter(EXPECTATIONS, { resource: 5 }, ...expectations)], [done()]],
    });
    // In the order of `enum ctattr_stats_cpu` and `enum ctattr_expect_stats`.
    const counters = {
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
    };
    expect(countersByCpu(table)).toEqual(new Map([[5, counters]]));
  });

  it("are matched by CPU number and keep the kernel's order of CPUs", () => {
    const table = reading({
      cpu: [
        [cpuStatistics(258, { found: 11 }), cpuStatistics(3, { found: 12 })],
        [[cpuStatistics(65_535, { found: 13 }), done()]],
      ],
      expectations: [
        [
          [
            expectationStatistics(3, { expect_new: 22 }),
            expectationStatistics(65_535, { expect_new: 23 }),
            expectationStatistics(258, { expect_new: 21 }),
            done(),
          ],
        ],
      ],
    });
    const rows = [...countersByCpu(table)].map(([cpu, counters]) => [cpu, counters['found'], counters['expect_new']]);
    expect(rows).toEqual([
      [258, 11, 21],
      [3, 12, 22],
      [65_535, 13, 23],
    ]);
  });

  it('have up to 32 bits', () => {
    const table = reading({ cpu: [[cpuStatistics(0, { drop: 0xffffffff, insert: 0x80000000 }), done()]] });
    expect(countersByCpu(table).get(0)).toMatchObject({ drop: 4_294_967_295, insert: 2_147_483_648 });
  });

  it('are only those that the kernel sends and that are known', () => {
    const message = netfilter(CPU, { resource: 1 }, attribute(2, number(7, 4)), attribute(16, number(9, 4)));
    expect(countersByCpu(reading({ cpu: [[message, done()]] }))).toEqual(new Map([[1, { found: 7 }]]));
  });

  it('are empty if the kernel sends none', () => {
    expect(countersByCpu(reading({})).size).toBe(0);
  });

  it('are written over the previous ones', () => {
    const table = reading(found({ 0: 11, 7: 22 }), found({ 0: 13, 7: 24 }));
    expect([...countersByCpu(table).values()]).toEqual([{ found: 13 }, { found: 24 }]);
  });

  it.each<[string, Message, typeof OperationError | typeof FormatError]>([
    ['refuses', error(1), OperationError],
    ['breaks off', done(-12), OperationError],
    ['sends no CPU number', altered(netfilter(CPU, {}), 0, 4, 18), FormatError],
    ['sends a counter of 8 bytes', netfilter(CPU, {}, attribute(2, new Uint8Array(8))), FormatError],
  ])('are unknown if the kernel %s, in the first reply or the second', (_, answer, kind) => {
    expect(() => reading({ cpu: [[answer]] })).toThrow(kind);
    expect(() => reading({ expectations: [[answer]] })).toThrow(kind);
  });

  it.each<[string, Answers, string]>([
    [
      'the kernel marks the reply as interrupted',
      { cpu: [[altered(cpuStatistics(0, { drop: 3 }), 6, 2, 0x12)], [done()]] },
      'the statistics of every CPU changed while being read',
    ],
    [
      'a CPU lacks a counter that the first one has',
      { cpu: [[cpuStatistics(0), foundBy(7, 1)], [done()]] },
      'the statistics of CPU 7 have no invalid',
    ],
    [
      'a CPU lacks the counters of expectations',
      {
        cpu: [[foundBy(4, 1), foundBy(6, 2)], [done()]],
        expectations: [[expectationStatistics(4), done()]],
      },
      'the statistics of CPU 6 have no expect_new',
    ],
    [
      'a CPU has nothing but the counters of expectations',
      { cpu: [[foundBy(4, 1)], [done()]], expectations: [[expectationStatistics(9), done()]] },
      'the statistics of CPU 9 have no found',
    ],
    ['a CPU comes twice', { cpu: [[foundBy(4, 1), foundBy(4, 1)], [done()]] }, 'statistics with the same CPU twice'],
  ])('are unknown if %s', (_, answers, text) => {
    expect(() => reading(answers)).toThrow(new FormatError(text));
  });
});

describe('the generation of the counters of every CPU', () => {
  function changes(before: Answers, after: Answers): boolean {
    const { read, table } = openTable();
    read(before);
    const { generation } = table;
    read(after);
    return table.generation !== generation;
  }

  it('stays for the same CPUs and counters', () => {
    expect(changes(found({ 0: 11, 3: 22 }), found({ 0: 12, 3: 23 }))).toBe(false);
  });

  it.each<[string, Answers]>([
    ['a CPU is added', found({ 0: 12, 3: 23, 4: 1 })],
    ['a CPU is removed', found({ 0: 12 })],
    ['a CPU has another number', found({ 0: 12, 5: 23 })],
    ['there are other counters', { cpu: [[cpuStatistics(0), cpuStatistics(3), done()]] }],
  ])('changes when %s', (_, after) => {
    expect(changes(found({ 0: 11, 3: 22 }), after)).toBe(true);
  });

  it('changes after a failed reading that had other CPUs', () => {
    const { read, table } = openTable();
    read(found({ 0: 1, 3: 2 }));
    const { generation } = table;
    expect(() => read({ cpu: [[foundBy(0, 1), foundBy(5, 2), done(-16)]] })).toThrow('EBUSY');
    read(found({ 0: 1, 5: 2 }));
    expect(table.generation).not.toBe(generation);
  });

  it('differs between two tables', () => {
    expect(reading(found({ 0: 1 })).generation).not.toBe(reading(found({ 0: 1 })).generation);
  });
});

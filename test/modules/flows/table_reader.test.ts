import { describe, expect, it } from 'vitest';

import {
  type FlowVisitor,
  type Scan,
  type ScanOptions,
  TableReader,
} from '../../../collector/modules/flows/table_reader.ts';
import type { FlowPart } from '../../../collector/netlink/flow.ts';
import type { TableUse } from '../../../collector/netlink/statistics.ts';
import {
  attribute,
  done,
  entry,
  FakeChannel,
  nested,
  netfilter,
  number,
  statistics,
} from '../../helpers/netlink_channel.ts';

/** Remembers what it was given. */
class Recorder implements FlowVisitor {
  readonly parts: readonly FlowPart[];
  readonly seen: [number, number][] = [];

  constructor(...parts: readonly FlowPart[]) {
    this.parts = parts;
  }

  add({ protocol, timeout }: Parameters<FlowVisitor['add']>[0]): void {
    this.seen.push([protocol, timeout]);
  }
}

/** A kernel with a table in parts of two entries: protocols 1 and 2, 3 and 4, …, each with a timeout of 100 more. */
class Kernel {
  readonly channels: FakeChannel[] = [];
  readonly reader: TableReader;

  constructor(isTransient?: boolean) {
    const connect = (): FakeChannel => {
      const channel = new FakeChannel();
      channel.reply('statistics', [statistics({ entries: 6, max: 61 })]);
      channel.reply('table', [part(1), part(2)], [part(3), part(4)], [part(5), part(6)], [done()]);
      this.channels.push(channel);
      return channel;
    };
    this.reader = new TableReader(connect, isTransient);
  }

  /** Reads to the end; also how many times other work could be done in between. */
  read<V extends readonly FlowVisitor[]>(options: ScanOptions<V>): Scan<V> & { pauses: number } {
    const work = this.reader.read(options);
    for (let pauses = 0; ; pauses++) {
      const step = work.next();
      if (step.done === true) return { ...step.value, pauses };
    }
  }
}

function part(protocol: number): Uint8Array {
  const tuple = nested(1, nested(2, attribute(1, number(protocol, 1))));
  return netfilter({ type: 0x100, flags: 2 }, { family: 2 }, tuple, attribute(7, number(100 + protocol, 4)));
}

describe('the reader of the table', () => {
  it('passes every entry to every visitor, with the parts that any of them needs', () => {
    const { isSample, pauses, read, use, visitors } = new Kernel().read({
      begin: () => [new Recorder('timeout'), new Recorder()],
    });
    const all = [1, 2, 3, 4, 5, 6].map((protocol) => [protocol, 100 + protocol]);
    expect(visitors.map(({ seen }) => seen)).toEqual([all, all]);
    expect({ isSample, pauses, read, use }).toEqual({
      isSample: false,
      pauses: 3,
      read: 6,
      use: { entries: 6, max: 61 },
    });
  });

  it('does not decode what no visitor needs', () => {
    const { visitors } = new Kernel().read({ begin: () => [new Recorder('zone')] });
    expect(visitors[0]?.seen.at(-1)).toEqual([6, -1]);
  });

  it('stops after the given number of entries, at the end of a datagram, and uses another channel from then on', () => {
    const kernel = new Kernel();
    const most = ({ entries, max = 0 }: TableUse): number => (entries === 6 && max === 61 ? 3 : 0);
    expect(kernel.read({ begin: () => [new Recorder()], most })).toMatchObject({ isSample: true, read: 4 });
    expect(kernel.channels.map(({ isClosed }) => isClosed)).toEqual([true]);
    expect(kernel.read({ begin: () => [new Recorder()] })).toMatchObject({ isSample: false, read: 6 });
    expect(kernel.channels.map(({ isClosed }) => isClosed)).toEqual([true, false]);
  });

  it('keeps its channel if the table ended before the given number of entries', () => {
    const kernel = new Kernel();
    expect(kernel.read({ begin: () => [new Recorder()], most: () => 7 })).toMatchObject({ isSample: false, read: 6 });
    expect(kernel.channels.map(({ isClosed }) => isClosed)).toEqual([false]);
  });

  it('ends a reading and closes its channel when it is closed', () => {
    const kernel = new Kernel();
    kernel.reader.read({ begin: () => [new Recorder()] }).next();
    kernel.reader.close();
    expect(kernel.channels.map(({ isClosed }) => isClosed)).toEqual([true]);
  });

  it('passes on the entries of an interrupted reading to new visitors', () => {
    const recorders: Recorder[] = [];
    const channel = new FakeChannel();
    let time = 0;
    channel.reply('statistics', [statistics({ entries: 1 })]);
    channel.replyWith('table', () => [[entry({ protocol: ++time }), done(0, time === 1 ? 0x10 : 0)]]);
    const work = new TableReader(() => channel).read({
      begin: () => {
        recorders.push(new Recorder());
        return recorders.slice(-1);
      },
    });
    while (work.next().done !== true);
    expect(recorders.map(({ seen }) => seen)).toEqual([[[1, -1]], [[2, -1]]]);
  });

  it('closes its channel after each reading if that would keep a namespace alive', () => {
    const kernel = new Kernel(true);
    expect(kernel.reader.use().entries).toBe(6);
    expect(kernel.channels.map(({ isClosed }) => isClosed)).toEqual([true]);
    kernel.read({ begin: () => [] });
    expect(kernel.channels.map(({ isClosed }) => isClosed)).toEqual([true, true]);
    kernel.reader.read({ begin: () => [] }).next();
    expect(kernel.channels.map(({ isClosed }) => isClosed)).toEqual([true, true, false]);
    kernel.reader.close();
    expect(kernel.channels.map(({ isClosed }) => isClosed)).toEqual([true, true, true]);
  });
});

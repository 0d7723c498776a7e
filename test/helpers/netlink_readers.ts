import { expect } from 'vitest';

import { FormatError, OperationError } from '../../collector/base/errors.ts';
import { CpuStatistics } from '../../collector/netlink/cpu_statistics.ts';
import { Exchange } from '../../collector/netlink/exchange.ts';
import { Expectation } from '../../collector/netlink/expectation.ts';
import { Flow } from '../../collector/netlink/flow.ts';
import { InetSocket } from '../../collector/netlink/inet_diag.ts';
import { MessageReader } from '../../collector/netlink/message.ts';
import { Statistics } from '../../collector/netlink/statistics.ts';
import type { Tuple } from '../../collector/netlink/tuple.ts';
import { countersByCpu } from './cpu_counters.ts';
import { altered, bytes, concat, diagnosed, entry, FakeChannel, type Message } from './netlink_channel.ts';

export const SLOT = 16 * 1024;

/** One more than takes the datagrams: the memory behind them is filled, too. */
const slotsFor = (datagrams: readonly unknown[]): number => datagrams.length + 1;

/** What a reader found before the end or the first error. */
export interface Outcome {
  readonly found: number[][];
  readonly error: unknown;
}

/** The memory around the datagrams is full of plausible messages. */
function channelOf(
  datagrams: readonly (readonly Message[])[],
  wrong = entry({ protocol: 222, status: 0x55555555, tcpState: 200 }),
): FakeChannel {
  const channel = new FakeChannel({ slots: slotsFor(datagrams), slotSize: SLOT, around: numbered(wrong) });
  for (const question of [
    'table',
    'expectations',
    'statistics',
    'cpuStatistics',
    'expectationStatistics',
    'tcpSockets',
  ] as const) {
    channel.reply(question, datagrams.length === 0 ? [bytes()] : datagrams);
  }
  return channel;
}

export function outcome(action: (found: number[][]) => void): Outcome {
  const found: number[][] = [];
  try {
    action(found);
    return { found, error: undefined };
  } catch (error) {
    return { found, error };
  }
}

export function readTable(datagrams: readonly (readonly Message[])[]): Outcome {
  const channel = channelOf(datagrams);
  const flow = new Flow(channel.memory);
  return outcome((found) => {
    new Exchange(channel).answer('table', (reader) => {
      flow.read(reader);
      found.push([flow.family, flow.protocol, flow.status, flow.tcpState]);
    });
  });
}

/** All parts of an entry. */
export function readParts(datagrams: readonly (readonly Message[])[]): Outcome {
  const channel = channelOf(datagrams);
  const parts = ['tuples', 'timeout', 'id', 'zone', 'mark', 'counters', 'helper', 'start'] as const;
  const flow = new Flow(channel.memory, parts);
  return outcome((found) => {
    new Exchange(channel).answer('table', (reader) => {
      flow.read(reader);
      for (const tuple of [flow.original, flow.reply]) found.push(numbersOf(tuple, reader));
      const { dccpState, id, mark, sctpState, timeout, zone } = flow;
      found.push([dccpState, id, mark, sctpState, timeout, zone]);
    });
  });
}

export function readExpectations(datagrams: readonly (readonly Message[])[]): Outcome {
  const channel = channelOf(datagrams);
  const expectation = new Expectation(channel.memory);
  return outcome((found) => {
    new Exchange(channel).answer('expectations', (reader) => {
      expectation.read(reader);
      for (const tuple of [expectation.tuple, expectation.mask, expectation.master])
        found.push(numbersOf(tuple, reader));
      found.push([expectation.timeout, expectation.zone, expectation.flags, expectation.class]);
    });
  });
}

/** The numbers of a tuple, after a look at where its addresses are. */
function numbersOf(tuple: Tuple, { end, start }: MessageReader): number[] {
  const { addressSize, destination, destinationPort, icmpCode, icmpId, icmpType, protocol, source, sourcePort } = tuple;
  for (const at of [source, destination]) {
    if (at >= 0 && (at < start || at + addressSize > end)) throw new Error(`an address at ${at} is not in the message`);
  }
  return [protocol, sourcePort, destinationPort, icmpType, icmpCode, icmpId, tuple.zone];
}

export function readEvents(datagrams: readonly (readonly Message[])[]): Outcome {
  const channel = new FakeChannel({ slots: slotsFor(datagrams), slotSize: SLOT, around: entry({ protocol: 222 }) });
  channel.queue(datagrams);
  const reader = new MessageReader(channel.memory);
  const flow = new Flow(channel.memory);
  return outcome((found) => {
    const count = channel.receive();
    for (let index = 0; index < count; index++) {
      reader.open(channel.start(index), channel.end(index));
      while (reader.next()) {
        flow.readProtocol(reader);
        found.push([flow.family, flow.protocol]);
      }
    }
  });
}

export function readStatistics(datagrams: readonly (readonly Message[])[]): Outcome {
  return outcome((found) => {
    const table = new CpuStatistics(channelOf(datagrams));
    table.read();
    for (const [cpu, counters] of countersByCpu(table)) found.push([cpu, ...Object.values(counters)]);
  });
}

export function readUse(datagrams: readonly (readonly Message[])[]): Outcome {
  return outcome((found) => {
    const { entries, max = 0 } = new Statistics(channelOf(datagrams)).use();
    found.push([entries, max]);
  });
}

export function readSockets(datagrams: readonly (readonly Message[])[]): Outcome {
  const channel = channelOf(datagrams, diagnosed({ family: 222, state: 200 }));
  const socket = new InetSocket(channel.memory);
  return outcome((found) => {
    new Exchange(channel).answer('tcpSockets', (reader) => {
      socket.read(reader);
      found.push([socket.family, socket.state]);
    });
  });
}

export const READERS = [readTable, readParts, readExpectations, readEvents, readStatistics, readUse, readSockets];

/** Expects only documented errors, and numbers that fit into their fields. */
export function expectSound({ error, found }: Outcome, size: number): void {
  if (error !== undefined && !(error instanceof OperationError)) expect(error).toBeInstanceOf(FormatError);
  // A message takes at least 16 bytes, and the second request gets the same reply; some are found in up to four parts.
  expect(found.length).toBeLessThanOrEqual((4 * size) / 16);
  const isSound = (value: number): boolean => Number.isInteger(value) && value >= -1 && value <= 0xffffffff;
  expect(found.filter((numbers) => !numbers.every(isSound))).toEqual([]);
}

export function expectSoundFlows({ found }: Outcome): void {
  const isSound = ([family = -1, protocol = -1, status = 0, tcpState = -1]: readonly number[]): boolean =>
    Math.min(family, protocol, status) >= 0 && Math.max(family, protocol, tcpState) <= 255;
  expect(found.filter((numbers) => !isSound(numbers))).toEqual([]);
}

export function sizeOf(datagrams: readonly (readonly Message[])[]): number {
  return concat(datagrams.flat()).length;
}

export function numbered(one: Message): Message {
  return altered(one, 8, 4, 1);
}

/** The module `flows` with a kernel that answers it. */

import { vi } from 'vitest';

import type { Connect } from '../../collector/modules/access.ts';
import type { Context } from '../../collector/modules/context.ts';
import { FlowsModule, type FlowsSettings } from '../../collector/modules/flows/flows.ts';
import { contextOf } from './context.ts';
import { FakeRuntime } from './fake_runtime.ts';
import { done, entry, FakeChannel, type Message, type Receipt, statistics } from './netlink_channel.ts';
import { RecordingLog } from './recording_log.ts';

/** The flag of an interrupted dump. */
export const INTERRUPTED = 0x10;
export const TCP = 6;
export const UDP = 17;

/** A module `flows` with its own process, and a kernel that answers it. */
export class Dumping {
  readonly runtime = new FakeRuntime(500e6);
  readonly log = new RecordingLog();
  /** Every channel that was opened, in order. */
  readonly channels: FakeChannel[] = [];
  readonly module: FlowsModule;
  /** What the kernel answers to the question for the table, each time that it is asked, counted from 1. */
  table: (time: number) => readonly Receipt[] = () => [[entry({ protocol: TCP, tcpState: 3 }), done()]];
  use: Receipt = [statistics({ entries: 1000, max: 100_000 })];
  /** What it takes the process to receive once of the table, in microseconds. */
  cost = 0;
  /** The same of the use of the table. */
  useCost = 0;
  #asked = 0;

  constructor(settings: Partial<FlowsSettings> = {}, parts: Partial<Context> = {}) {
    const connect: Connect = (room) => {
      const channel = new FakeChannel({ ...room });
      channel.replyWith('statistics', () => [this.use]);
      channel.replyWith('table', () => this.table(++this.#asked));
      const receive = channel.receive.bind(channel);
      vi.spyOn(channel, 'receive').mockImplementation(() => {
        const isTable = channel.sent.at(-1)?.question === 'table';
        this.runtime.compute(isTable ? this.cost : this.useCost);
        return receive();
      });
      this.channels.push(channel);
      return channel;
    };
    const { log, runtime } = this;
    this.module = new FlowsModule(contextOf({ ctnetlink: connect, log, runtime, ...parts }), {
      enabled: 'auto',
      every: 1,
      update_every: 10,
      cpu_share: 2,
      full_above: 95,
      method: 'auto',
      snat_pools: [],
      ...settings,
    });
  }

  /** How often the table was asked for. */
  get asked(): number {
    return this.#asked;
  }

  /** Updates at that time, and lets a dump that begins come to its end. */
  async tick(second: number, isDrawn = true): Promise<Record<string, number> | undefined> {
    this.runtime.advanceTo(second);
    const [sample] = this.module.collect(second * 1e6, isDrawn);
    const known = Object.entries(sample?.values ?? {}).flatMap(([metric, value]) =>
      value === undefined ? [] : [[metric, value]],
    );
    await this.runtime.settle();
    return sample === undefined ? undefined : Object.fromEntries(known);
  }

  /** Updates every so many seconds; returns the times at which the table was asked for. */
  async askedAt(from: number, to: number, step = 1): Promise<number[]> {
    const times: number[] = [];
    for (let second = from; second <= to; second += step) {
      const before = this.#asked;
      await this.tick(second);
      if (this.#asked > before) times.push(second);
    }
    return times;
  }

  /** The lines of the log: level and message. */
  get lines(): string[] {
    return this.log.entries.map(({ level, message }) => `${level} ${message}`);
  }
}

/** Entries without anything but a protocol: the same message, encoded once. */
export function entries(count: number, protocol = TCP): Message[] {
  return Array<Message>(count).fill(entry({ protocol }));
}

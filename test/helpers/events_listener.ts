/** The module `events` on channels that a test queues messages to. */

import { Volume } from 'memfs';
import { expect } from 'vitest';

import { OperationError } from '../../collector/base/errors.ts';
import type { Connect } from '../../collector/modules/access.ts';
import type { Context } from '../../collector/modules/context.ts';
import { EventsModule, type EventsSettings } from '../../collector/modules/events/events.ts';
import { contextOf } from './context.ts';
import { FakeRuntime } from './fake_runtime.ts';
import { event, FakeChannel, type Message, type Receipt } from './netlink_channel.ts';
import { SETTINGS } from './recorded_host.ts';
import { RecordingLog } from './recording_log.ts';

export const SETTING = `${SETTINGS}events`;
export const ENTRIES = `${SETTINGS}count`;
export const MEBIBYTE = 1024 * 1024;
/** Room for 100 events, as the kernel counts them. */
export const RECEIVE_BUFFER = 64_000;

export const TCP = 6;
export const UDP = 17;
export const GRE = 47;

/** The module with its own clock, files and log; a test queues messages on its channels. */
export class Listener {
  readonly runtime = new FakeRuntime(100e6);
  readonly log = new RecordingLog();
  readonly volume = Volume.fromJSON({ [SETTING]: '1\n', [ENTRIES]: '0\n' });
  /** Every channel that was opened, in order. */
  readonly channels: FakeChannel[] = [];
  readonly module: EventsModule;
  /** Entries in the table; follows the queued events. */
  #entries = 0;
  /** Changes a new channel before the module gets it. */
  prepare: (channel: FakeChannel) => void = () => undefined;

  constructor(settings: Partial<EventsSettings> = {}, parts: Partial<Context> = {}) {
    const ctnetlink: Connect = (room) => {
      const channel = new FakeChannel({ ...room, around: new Uint8Array(room.slotSize).fill(0xff) });
      this.channels.push(channel);
      const queue = channel.queue.bind(channel);
      channel.queue = (...receipts) => {
        queue(...receipts);
        this.change(change(receipts));
      };
      this.prepare(channel);
      return channel;
    };
    const { log, runtime, volume } = this;
    this.module = new EventsModule(contextOf({ ctnetlink, fs: volume, log, runtime, ...parts }), {
      enabled: 'auto',
      every: 1,
      receive_buffer: RECEIVE_BUFFER / MEBIBYTE,
      most_per_second: 1000,
      ...settings,
    });
  }

  /** The channel that was opened last. */
  get channel(): FakeChannel {
    const channel = this.channels.at(-1);
    if (channel === undefined) throw new Error('no channel was opened');
    return channel;
  }

  /** Queues events. */
  hear(...messages: readonly Message[]): void {
    this.channel.queue(messages);
  }

  /** Changes the number of entries without an event. */
  change(entries: number): void {
    this.#entries += entries;
    this.volume.writeFileSync(ENTRIES, `${Math.max(0, this.#entries)}\n`);
  }

  /** Advances the clock and updates. Returns the known numbers; `undefined` without a sample. */
  tick(second: number): Record<string, number> | undefined {
    this.runtime.advanceTo(second);
    const [sample] = this.module.collect(second * 1e6);
    if (sample === undefined) return undefined;
    const known = Object.entries(sample.values).flatMap(([metric, value]) =>
      value === undefined ? [] : [[metric, value]],
    );
    return Object.fromEntries(known);
  }

  /** Updates every second, each with `perSecond` new connections. */
  ticks(from: number, to: number, perSecond = 0): (Record<string, number> | undefined)[] {
    return Array.from({ length: to - from + 1 }, (_, index) => {
      this.hear(...news(perSecond));
      return this.tick(from + index);
    });
  }
}

/** By how much the events change the number of entries. */
function change(receipts: readonly Receipt[]): number {
  let sum = 0;
  for (const message of receipts.flatMap((receipt) => (receipt instanceof OperationError ? [] : [...receipt])).flat()) {
    const [type, flags = 0] = message.length < 8 ? [] : new Uint16Array(message.slice(4, 8).buffer);
    if (type === 0x102) sum--;
    if (type === 0x100 && (flags & 0x400) !== 0) sum++;
  }
  return sum;
}

export function news(count: number, protocol = TCP): Message[] {
  return Array.from({ length: count }, () => event('new', { protocol }));
}

/** A module that listens from second 100. */
export function listening(options: Partial<EventsSettings> = {}): Listener {
  const listener = new Listener(options);
  expect(listener.tick(100)).toBeUndefined();
  expect(listener.channels).toHaveLength(1);
  return listener;
}

export const NOTHING_HAPPENED = {
  ...{ new: 0, deleted: 0, event_overruns: 0 },
  ...{ new_tcp: 0, new_udp: 0, new_icmp: 0, new_icmpv6: 0, new_sctp: 0, new_gre: 0, new_other: 0 },
};

export function ends(count: number): Message[] {
  return Array.from({ length: count }, () => event('destroy', { protocol: UDP }));
}

/** The same, with so many entries in the table at that time. */
export function listeningTo(entries: number): Listener {
  const listener = new Listener();
  listener.change(entries);
  listener.tick(100);
  return listener;
}

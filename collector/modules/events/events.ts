/**
 * Module `events`: connections made and destroyed per second, counted from what the kernel reports of each of them.
 * Since Linux 4.9 it counts them nowhere else. Needs CAP_NET_ADMIN.
 */

import { Condition, type Log } from '../../log.ts';
import { NFNLGRP_CONNTRACK_DESTROY, NFNLGRP_CONNTRACK_NEW } from '../../netlink/ctnetlink.ts';
import { parseDecimal } from '../../procfs/decimal.ts';
import { type FileSystem, KernelFile } from '../../procfs/file.ts';
import type { Host } from '../../procfs/host.ts';
import type { Runtime } from '../../runtime.ts';
import { type Connect, CTNETLINK_REMEDIES, type EventChannel, Obstacle, UNLOADED } from '../access.ts';
import { Attempts } from '../attempts.ts';
import { isDue } from '../due.ts';
import type { Module, Sample, Standing } from '../module.ts';
import { PROTOCOLS } from '../protocols.ts';
import { standingAt } from '../standing.ts';
import { EventTally } from './event_tally.ts';
import { drainDelay } from './pace.ts';

/** An event is some 150 to 400 bytes long; labels and security contexts can make it longer. */
const ROOM = { slots: 256, slotSize: 2048 };
/** Bytes that the kernel counts for one waiting event. */
const EVENT = 1280;
/** The largest receive buffer that there can be, as the kernel counts it. */
const LARGEST = 2 ** 31 - 2;
/** So long must there be too many events before they are given up, in microseconds. */
const ENDURANCE = 5e6;
/** An overrun is logged no more often, in microseconds. */
const OVERRUN_LOG = 60e6;

export interface EventsOptions {
  readonly fs: FileSystem;
  readonly host: Host;
  readonly log: Log;
  readonly connect: Connect;
  readonly runtime: Runtime;
  /** Seconds between two readings. */
  readonly every: number;
  /** Whether events are expected to be had: that they are not is then an error in the log. */
  readonly required: boolean;
  /** Bytes of events that may wait to be read; the kernel takes up to twice as much. */
  readonly receiveBuffer: number;
  /** Events per second above which the plugin stops listening. */
  readonly mostPerSecond: number;
}

/** A channel that is told of events, and what it was told. */
interface Listening {
  readonly channel: EventChannel;
  readonly tally: EventTally;
  /** Monotonic time of the last reading, in microseconds. */
  readAt: number;
  /** Events that the buffer holds. */
  readonly capacity: number;
  /** Monotonic time of the last drain, in microseconds. */
  drainedAt: number;
  /** Events per second, as far as the next drain must reckon with. */
  pace: number;
  /** Since when there have been too many events. */
  tooManySince: number | undefined;
}

type Values = Record<string, number | undefined>;

export class EventsModule implements Module {
  readonly name = 'events';
  readonly every: number;
  readonly #options: EventsOptions;
  readonly #setting: KernelFile;
  readonly #attempts: Attempts;
  readonly #malformed: Condition;
  readonly #small: Condition;
  readonly #values: Values = {};
  readonly #samples: readonly Sample[] = [{ scope: 'host', instance: '', labels: {}, values: this.#values }];
  #listening: Listening | undefined;
  /** What went wrong between two ticks, for the next one to tell. */
  #failure: unknown;
  #cancelDrain: () => void = () => undefined;
  /** Whether the setting could be read since the last attempt to listen. */
  #hasSetting = false;
  #nextOverrunLog = Number.NEGATIVE_INFINITY;
  #overruns = 0;

  constructor(options: EventsOptions) {
    const { fs, host, log } = options;
    this.every = options.every;
    this.#options = options;
    this.#setting = new KernelFile(fs, () => host.netfilter('nf_conntrack_events'), 32);
    this.#attempts = new Attempts({
      log,
      lost: 'new and destroyed connections are not drawn',
      back: 'the kernel reports connections',
      remedies: CTNETLINK_REMEDIES,
      required: options.required,
    });
    this.#malformed = new Condition(log);
    this.#small = new Condition(log);
  }

  collect(at: number): readonly Sample[] {
    try {
      this.#throwFailure();
      if (this.#listening !== undefined) return this.#read(this.#listening, at);
      if (this.#attempts.isDue(at)) this.#listen();
    } catch (error) {
      this.close();
      this.#attempts.failed(at, error);
    }
    return [];
  }

  standing(): Standing {
    return standingAt('ctnetlink', this.#attempts.obstacle);
  }

  close(): void {
    this.#cancelDrain();
    this.#listening?.channel.close();
    this.#listening = undefined;
    this.#setting.close();
  }

  /** Joins the groups. What is counted from now on is returned from the next reading on. */
  #listen(): void {
    this.#hasSetting = false;
    this.#checkSetting();
    const channel = this.#options.connect(ROOM);
    let room: number;
    try {
      room = channel.setReceiveBuffer(this.#options.receiveBuffer);
      channel.join(NFNLGRP_CONNTRACK_NEW);
      channel.join(NFNLGRP_CONNTRACK_DESTROY);
    } catch (error) {
      channel.close();
      throw error;
    }
    const tally = new EventTally(channel);
    const now = this.#options.runtime.monotonic();
    const capacity = room / EVENT;
    this.#listening = { channel, tally, capacity, readAt: now, drainedAt: now, pace: 0, tooManySince: undefined };
    this.#reportRoom(room);
    this.#planDrain(this.#listening);
  }

  /** The kernel doubles what it is asked for, to count its own needs in. */
  #reportRoom(room: number): void {
    const asked = Math.min(2 * this.#options.receiveBuffer, LARGEST);
    if (room >= asked) {
      this.#small.leave('the receive buffer is as large as configured');
      return;
    }
    const message = 'the kernel gives a smaller receive buffer than configured: raise net.core.rmem_max';
    this.#small.enter('small', 'notice', message, { bytes: room, asked });
  }

  /**
   * Whether there can be events is what the setting tells; one that could never be read tells nothing.
   *
   * @throws {Obstacle} when the operator turned events off, or connection tracking has been unloaded.
   */
  #checkSetting(): void {
    let setting: number;
    try {
      setting = parseDecimal(this.#setting.read());
    } catch {
      if (this.#hasSetting) throw new Obstacle(UNLOADED, 'connection tracking is not loaded', true);
      return;
    }
    this.#hasSetting = true;
    if (setting !== 0) return;
    throw new Obstacle('off', 'events are turned off: turn them on with "sysctl net.netfilter.nf_conntrack_events=1"');
  }

  #read(listening: Listening, at: number): readonly Sample[] {
    this.#drain(listening);
    const { destroyed, overruns } = listening.tally;
    const seconds = (at - listening.readAt) / 1e6;
    listening.readAt = at;
    this.#report(listening.tally, at);
    const created = this.#fill(listening.tally, seconds);
    // No new connection can mean that none was made, or that reports are off: the end of older ones is still told then.
    if (created === 0) this.#checkSetting();
    listening.tally.reset();
    this.#guard(listening, (created + destroyed) / seconds, overruns > 0, at);
    return this.#samples;
  }

  /**
   * Events that were lost could be of any kind: nothing is known of an interval that lost some, but that it did.
   *
   * @returns how many connections were made.
   */
  #fill(tally: EventTally, seconds: number): number {
    const values = this.#values;
    const isWhole = tally.overruns === 0 && tally.malformed === undefined;
    let created = 0;
    for (const [place, protocol] of PROTOCOLS.entries()) {
      const count = tally.created[place] ?? 0;
      created += count;
      values[`new_${protocol}`] = isWhole ? count / seconds : undefined;
    }
    values['new'] = isWhole ? created / seconds : undefined;
    values['deleted'] = isWhole ? tally.destroyed / seconds : undefined;
    values['event_overruns'] = tally.overruns / seconds;
    return created;
  }

  #report({ malformed, overruns }: EventTally, at: number): void {
    if (malformed !== undefined) {
      const message = 'the kernel reported what cannot be understood: new and destroyed connections are not drawn';
      this.#malformed.enter('malformed', 'warning', message, { error: malformed });
    } else {
      this.#malformed.works('the reports of the kernel can be understood');
    }
    this.#overruns += overruns;
    if (this.#overruns === 0 || at < this.#nextOverrunLog) return;
    this.#nextOverrunLog = at + OVERRUN_LOG;
    const message =
      'the kernel reported faster than was read: new and destroyed connections of that time are not drawn; ' +
      'if it happens often, raise modules.events.receive_buffer';
    this.#options.log.warning(message, { overruns: this.#overruns });
    this.#overruns = 0;
  }

  /** Stops listening when that costs too much for too long, or never is enough. */
  #guard(listening: Listening, perSecond: number, isOverrun: boolean, at: number): void {
    const { mostPerSecond } = this.#options;
    const isFlood = perSecond > mostPerSecond;
    if (!isFlood && !isOverrun) {
      listening.tooManySince = undefined;
      this.#attempts.succeeded(at);
      return;
    }
    // Too many were there all the interval; an overrun may have been at its end.
    listening.tooManySince ??= isFlood ? at - this.every * 1e6 : at;
    if (!isDue(at, listening.tooManySince + ENDURANCE)) return;
    const message = isFlood
      ? `the kernel reports more than ${mostPerSecond} new and destroyed connections a second`
      : 'the kernel reports faster than can be read';
    this.close();
    this.#attempts.failed(at, new Obstacle('flood', message), 'warning');
  }

  #drain(listening: Listening): void {
    const drained = listening.tally.drain(listening.capacity);
    const now = this.#options.runtime.monotonic();
    const seconds = (now - listening.drainedAt) / 1e6;
    listening.drainedAt = now;
    // A tick can follow another drain at once and find nothing: the pace falls slowly.
    listening.pace = Math.max(seconds > 0 ? drained / seconds : 0, listening.pace / 2);
    this.#planDrain(listening);
  }

  /** Has the channel drained before the next tick, if the pace of the events demands it. */
  #planDrain({ capacity, pace }: Listening): void {
    this.#cancelDrain();
    const delay = drainDelay(pace, capacity);
    if (delay >= this.every * 1000) return;
    this.#cancelDrain = this.#options.runtime.later(delay, () => {
      if (this.#listening === undefined) return;
      try {
        this.#drain(this.#listening);
      } catch (error) {
        this.#failure = error;
      }
    });
  }

  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }
}

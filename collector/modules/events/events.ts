/**
 * Module `events`: connections made and destroyed per second, counted from what the kernel reports of each of them.
 * Since Linux 4.9 it counts them nowhere else. Needs CAP_NET_ADMIN.
 */

import { Condition } from '../../base/log.ts';
import { parseDecimal } from '../../procfs/decimal.ts';
import { KernelFile } from '../../procfs/file.ts';
import { Attempts } from '../attempts.ts';
import type { Context, ModuleSettings } from '../context.ts';
import { isDue } from '../due.ts';
import type { Module, Sample, Status } from '../module.ts';
import { ProblemError } from '../problem.ts';
import { Balance } from './balance.ts';
import { CtnetlinkModule } from './ctnetlink_module.ts';
import type { EventTally } from './event_tally.ts';
import { Listening } from './listening.ts';
import { LossLog } from './loss_log.ts';

/** An event is some 150 to 400 bytes long; labels and security contexts can make it longer. */
const ROOM = { slots: 256, slotSize: 2048 };
/** The largest receive buffer that there can be, as the kernel counts it. */
const LARGEST = 2 ** 31 - 2;
/** So long must there be too many events before they are given up, in microseconds. */
const ENDURANCE = 5e6;
/** The shortest first interval that counts, as a share of a whole one: the second tick can come after half of one. */
const WHOLE = 0.9;
/** The table may grow by fewer entries without a report: packets that wait for a program are entries, too. */
const GROWTH = 50;
/** So often at most is growth without a report taken for a fault, in microseconds: rules can suppress reports. */
const GROWTH_ALARM = 3600e6;

/** Settings of `modules.events`. */
export interface EventsSettings extends ModuleSettings {
  /** Mebibytes of events that may wait to be read; the kernel takes up to twice as much. */
  readonly receive_buffer: number;
  /** Events per second above which the plugin stops listening. */
  readonly most_per_second: number;
}

/** What is known since it listens. */
interface Session {
  readonly listening: Listening;
  readonly balance: Balance;
  /** Monotonic time of the last reading in microseconds; of the joining before the first. */
  readAt: number;
  isRead: boolean;
  /** Since when there have been too many events. */
  tooManySince: number | undefined;
}

export class EventsModule implements Module {
  readonly name = 'events';
  readonly every: number;
  readonly #context: Context;
  /** Bytes that are asked of the kernel for events that wait. */
  readonly #receiveBuffer: number;
  readonly #mostPerSecond: number;
  readonly #setting: KernelFile;
  readonly #entries: KernelFile;
  readonly #attempts: Attempts;
  readonly #losses: LossLog;
  readonly #module: CtnetlinkModule;
  readonly #small: Condition;
  readonly #values: Record<string, number | undefined> = {};
  readonly #samples: readonly Sample[] = [{ scope: 'host', instance: '', labels: {}, values: this.#values }];
  #session: Session | undefined;
  /** Whether the setting could be read since the last attempt to listen. */
  #hasSetting = false;
  /** Whether the table grew without a report, and nothing has been reported since. */
  #isSilent = false;
  #nextGrowthAlarm = Number.NEGATIVE_INFINITY;

  constructor(context: Context, settings: EventsSettings) {
    const { fs, host, log } = context;
    this.every = settings.every;
    this.#context = context;
    this.#receiveBuffer = settings.receive_buffer * 1024 * 1024;
    this.#mostPerSecond = settings.most_per_second;
    this.#setting = new KernelFile(fs, () => host.netfilter('nf_conntrack_events'), 32);
    this.#entries = new KernelFile(fs, () => host.netfilter('nf_conntrack_count'), 32);
    this.#attempts = new Attempts({
      log,
      lost: 'new and destroyed connections are not drawn',
      back: 'the kernel reports connections',
      from: 'ctnetlink',
      required: settings.enabled === true,
    });
    this.#losses = new LossLog(log);
    this.#module = new CtnetlinkModule(fs, host);
    this.#small = new Condition(log);
  }

  collect(at: number): readonly Sample[] {
    try {
      if (this.#session !== undefined) return this.#read(this.#session, at);
      if (this.#attempts.isDue(at)) this.#listen();
    } catch (error) {
      this.close();
      this.#attempts.failed(at, error);
    }
    return [];
  }

  status(): Status {
    return { reads: ['ctnetlink'], problems: this.#attempts.problems };
  }

  close(): void {
    this.#session?.listening.close();
    this.#session = undefined;
    this.#setting.close();
    this.#entries.close();
  }

  /** Joins the groups. What is counted from now on is returned from the next reading on. */
  #listen(): void {
    this.#hasSetting = false;
    this.#checkSetting();
    const { ctnetlink, runtime } = this.#context;
    const { every } = this;
    this.#module.find();
    const channel = ctnetlink(ROOM);
    const listening = new Listening({ channel, runtime, every, receiveBuffer: this.#receiveBuffer });
    const readAt = listening.drainedAt;
    const balance = new Balance(this.#readEntries(), readAt);
    this.#session = { listening, balance, readAt, isRead: false, tooManySince: undefined };
    this.#reportRoom(listening.room);
  }

  #readEntries(): number | undefined {
    try {
      return parseDecimal(this.#entries.read());
    } catch {
      return undefined;
    }
  }

  /** The kernel doubles what it is asked for, to count its own needs in. */
  #reportRoom(room: number): void {
    const asked = Math.min(2 * this.#receiveBuffer, LARGEST);
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
   * @throws {ProblemError} when the operator turned events off, or connection tracking has been unloaded.
   */
  #checkSetting(): void {
    let setting: number;
    try {
      setting = parseDecimal(this.#setting.read());
    } catch {
      if (this.#hasSetting) throw new ProblemError('tracking_not_loaded', 'ctnetlink');
      return;
    }
    this.#hasSetting = true;
    if (setting === 0) throw new ProblemError('events_off', 'ctnetlink');
  }

  #read(session: Session, at: number): readonly Sample[] {
    const change = this.#module.change(session.isRead);
    if (change !== undefined) return this.#listenAgain(change);
    const { listening } = session;
    const entries = listening.read(() => this.#readEntries());
    // Ticks are as far apart as the drains that they begin with, but for the time that the first tick took to join.
    const seconds = ((session.isRead ? at : listening.drainedAt) - session.readAt) / 1e6;
    const isPart = !session.isRead && seconds < WHOLE * this.every;
    session.readAt = at;
    session.isRead = true;

    const { tally } = listening;
    const { created, destroyed, overruns } = tally;
    this.#losses.report(tally, at);
    tally.fill(this.#values, seconds, this.#knowsEnds(session.balance, tally, entries, at));
    // No new connection can mean that none was made, or that reports are off: the end of older ones is still told then.
    if (created === 0) this.#checkSetting();
    tally.reset();
    if (this.#isUnreported(session.balance, created + destroyed + overruns > 0, at)) return [];
    this.#guard(session, (created + destroyed) / seconds, overruns > 0, at);
    return isPart ? [] : this.#samples;
  }

  /** Joins again, which makes the kernel load the module. What happened meanwhile is not known. */
  #listenAgain(change: 'unloaded' | 'loaded'): readonly Sample[] {
    this.close();
    this.#listen();
    if (change === 'unloaded') {
      const message = 'nf_conntrack_netlink was unloaded: new and destroyed connections of that time are not drawn';
      this.#context.log.warning(message);
    }
    return [];
  }

  #knowsEnds(balance: Balance, tally: EventTally, entries: number | undefined, at: number): boolean {
    if (tally.isWhole) return balance.isWhole(tally.created, tally.destroyed, entries, at);
    balance.restart(entries);
    return false;
  }

  /** Whether the kernel keeps silent about a table that grows, and has not said anything since. */
  #isUnreported(balance: Balance, isReported: boolean, at: number): boolean {
    if (isReported) this.#isSilent = false;
    if (balance.growth < GROWTH || !isDue(at, this.#nextGrowthAlarm)) return this.#isSilent;
    this.#isSilent = true;
    this.#nextGrowthAlarm = at + GROWTH_ALARM;
    this.close();
    this.#attempts.failed(at, new ProblemError('events_missing', 'ctnetlink'), 'warning');
    return true;
  }

  /** Stops listening when that costs too much for too long, or never is enough. */
  #guard(session: Session, perSecond: number, isOverrun: boolean, at: number): void {
    const mostPerSecond = this.#mostPerSecond;
    const isFlood = perSecond > mostPerSecond;
    if (!isFlood && !isOverrun) {
      session.tooManySince = undefined;
      this.#attempts.succeeded(at);
      return;
    }
    // Too many were there all the interval; an overrun may have been at its end.
    session.tooManySince ??= isFlood ? at - this.every * 1e6 : at;
    if (!isDue(at, session.tooManySince + ENDURANCE)) return;
    this.close();
    const code = isFlood ? 'events_too_many' : 'events_overrun';
    this.#attempts.failed(at, new ProblemError(code, 'ctnetlink', mostPerSecond), 'warning');
  }
}

/**
 * Module `events`: connections created and destroyed per second, counted from the kernel's events. Since Linux 4.9 there
 * is no other count of them. Needs CAP_NET_ADMIN.
 */

import { Condition } from '../../base/log.ts';
import { parseDecimal } from '../../procfs/decimal.ts';
import { KernelFile } from '../../procfs/file.ts';
import { Attempts } from '../attempts.ts';
import type { Context, ModuleSettings } from '../context.ts';
import { isDue } from '../due.ts';
import type { Module, Sample, Status } from '../module.ts';
import { messageWithFix, type Problem, ProblemError, problemAt } from '../problem.ts';
import { Balance } from './balance.ts';
import { CtnetlinkModule } from './ctnetlink_module.ts';
import type { EventTally } from './event_tally.ts';
import { Listening } from './listening.ts';
import { LossLog } from './loss_log.ts';

/** The effect of having no events, at the start of log lines. */
const LOST = 'new and destroyed connections are not collected';
/** An event is some 150 to 400 bytes long; labels and security contexts can make it longer. */
const MEMORY = { slots: 256, slotSize: 2048 };
/** The largest possible receive buffer, as the kernel counts it. */
const LARGEST = 2 ** 31 - 2;
/** The plugin stops listening after this long with too many events, in microseconds. */
const ENDURANCE = 5e6;
/** A shorter first interval, as a share of a whole one, has no rates: the second tick can come after half of one. */
const WHOLE = 0.9;
/** Growth of the table that is normal without an event: packets queued to user space are entries too. */
const GROWTH = 50;
/** Growth without an event is a problem once per this many microseconds: rules can suppress events. */
const GROWTH_ALARM = 3600e6;

/** Settings of `modules.events`. */
export interface EventsSettings extends ModuleSettings {
  /** Mebibytes of unread events that the kernel keeps; it uses up to twice as much. */
  readonly receive_buffer: number;
  /** Events per second above which the plugin stops listening. */
  readonly most_per_second: number;
}

/** From joining the groups to closing the socket. */
interface Session {
  readonly listening: Listening;
  readonly balance: Balance;
  /** Monotonic time of the last reading in microseconds; at first, when the groups were joined. */
  readAt: number;
  isRead: boolean;
  /** Monotonic time in microseconds from which there are too many events. */
  tooManySince: number | undefined;
}

export class EventsModule implements Module {
  readonly name = 'events';
  readonly every: number;
  readonly #context: Context;
  /** Requested size of the receive buffer in bytes. */
  readonly #receiveBuffer: number;
  readonly #mostPerSecond: number;
  readonly #setting: KernelFile;
  readonly #entries: KernelFile;
  readonly #attempts: Attempts;
  readonly #losses: LossLog;
  readonly #module: CtnetlinkModule;
  readonly #smallBuffer: Condition;
  readonly #values: Record<string, number | undefined> = {};
  readonly #samples: readonly Sample[] = [{ scope: 'host', instance: '', labels: {}, values: this.#values }];
  #session: Session | undefined;
  /** A smaller receive buffer than configured. */
  #bufferProblem: Problem | undefined;
  /** Whether `nf_conntrack_events` could be read since the last attempt to listen. */
  #hasSetting = false;
  /** Whether the table grew without an event, and there has been none since. */
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
      lost: LOST,
      back: 'the kernel reports connections',
      from: 'ctnetlink',
      required: settings.enabled === true,
    });
    this.#losses = new LossLog(log, LOST);
    this.#module = new CtnetlinkModule(fs, host);
    this.#smallBuffer = new Condition(log);
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
    const problems = this.#attempts.problems;
    return { reads: ['ctnetlink'], problems: this.#bufferProblem ? [...problems, this.#bufferProblem] : problems };
  }

  close(): void {
    this.#session?.listening.close();
    this.#session = undefined;
    this.#setting.close();
    this.#entries.close();
  }

  /** Joins the groups. The next reading returns what is counted from now on. */
  #listen(): void {
    this.#hasSetting = false;
    this.#checkSetting();
    const { ctnetlink, runtime } = this.#context;
    const { every } = this;
    this.#module.find();
    const channel = ctnetlink(MEMORY);
    const listening = new Listening({ channel, runtime, every, receiveBuffer: this.#receiveBuffer });
    const readAt = listening.drainedAt;
    const balance = new Balance(this.#readEntries(), readAt);
    this.#session = { listening, balance, readAt, isRead: false, tooManySince: undefined };
    this.#checkBuffer(listening.bufferSize);
  }

  #readEntries(): number | undefined {
    try {
      return parseDecimal(this.#entries.read());
    } catch {
      return undefined;
    }
  }

  /** The kernel doubles the requested size, to include its own overhead. */
  #checkBuffer(bytes: number): void {
    const asked = Math.min(2 * this.#receiveBuffer, LARGEST);
    if (bytes >= asked) {
      this.#bufferProblem = undefined;
      this.#smallBuffer.leave('the receive buffer is as large as configured');
      return;
    }
    const problem = problemAt('small_receive_buffer', 'ctnetlink', bytes, 'part');
    this.#bufferProblem = problem;
    this.#smallBuffer.enter('small', 'notice', messageWithFix(problem), { code: problem.code, asked });
  }

  /**
   * Checks that the kernel can report events. A setting that could never be read says nothing about that.
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
    // Each tick begins with a drain, except that the first one takes time to join before that.
    const seconds = ((session.isRead ? at : listening.drainedAt) - session.readAt) / 1e6;
    const isPart = !session.isRead && seconds < WHOLE * this.every;
    session.readAt = at;
    session.isRead = true;

    const { tally } = listening;
    const { created, destroyed, overruns } = tally;
    this.#losses.report(tally, at);
    tally.fill(this.#values, seconds, this.#knowsEnds(session.balance, tally, entries, at));
    // Without a new connection, events may be turned off: the kernel still reports the end of older connections then.
    if (created === 0) this.#checkSetting();
    tally.reset();
    if (this.#isSilentlyGrowing(session.balance, created + destroyed + overruns > 0, at)) return [];
    this.#guard(session, (created + destroyed) / seconds, overruns > 0, at);
    return isPart ? [] : this.#samples;
  }

  /** Joins again, which makes the kernel load the module. The events in between are lost. */
  #listenAgain(change: 'unloaded' | 'loaded'): readonly Sample[] {
    this.close();
    this.#listen();
    if (change === 'unloaded') {
      const message = 'nf_conntrack_netlink was unloaded: new and destroyed connections of that time are not counted';
      this.#context.log.warning(message);
    }
    return [];
  }

  #knowsEnds(balance: Balance, tally: EventTally, entries: number | undefined, at: number): boolean {
    if (tally.isWhole) return balance.isWhole(tally.created, tally.destroyed, entries, at);
    balance.restart(entries);
    return false;
  }

  /** Whether the table grew without an event, and there has been none since. */
  #isSilentlyGrowing(balance: Balance, isReported: boolean, at: number): boolean {
    if (isReported) this.#isSilent = false;
    if (balance.growth < GROWTH || !isDue(at, this.#nextGrowthAlarm)) return this.#isSilent;
    this.#isSilent = true;
    this.#nextGrowthAlarm = at + GROWTH_ALARM;
    this.close();
    this.#attempts.failed(at, new ProblemError('events_missing', 'ctnetlink'), 'warning');
    return true;
  }

  /** Stops listening after {@link ENDURANCE} of too many events or overruns. */
  #guard(session: Session, perSecond: number, isOverrun: boolean, at: number): void {
    const mostPerSecond = this.#mostPerSecond;
    const isFlood = perSecond > mostPerSecond;
    if (!isFlood && !isOverrun) {
      session.tooManySince = undefined;
      this.#attempts.succeeded(at);
      return;
    }
    // The rate was too high throughout the interval; an overrun may have been at its end.
    session.tooManySince ??= isFlood ? at - this.every * 1e6 : at;
    if (!isDue(at, session.tooManySince + ENDURANCE)) return;
    this.close();
    const code = isFlood ? 'events_too_many' : 'events_overrun';
    this.#attempts.failed(at, new ProblemError(code, 'ctnetlink', mostPerSecond), 'warning');
  }
}

/**
 * Module `flows`: what the connection table is made of, by protocol, TCP state, reply, address translation, family and
 * offload. The table is dumped as often as that stays cheap. Needs CAP_NET_ADMIN.
 */

import type { Log } from '../../log.ts';
import type { Runtime } from '../../runtime.ts';
import type { Connect } from '../access.ts';
import { Attempts } from '../attempts.ts';
import { isDue } from '../due.ts';
import type { Module, Sample } from '../module.ts';
import { DumpInterval } from './dump_interval.ts';
import { type Dump, Dumper } from './dumper.ts';

/** The kernel fills at most 32 KiB of an answer at once. */
const ROOM = { slots: 4, slotSize: 32 * 1024 };
/** A full table counts as full until it is below this part of the limit: the charts must not change to and fro. */
const FULL_MARGIN = 0.95;
/** CPU time that the first dump takes on top, in microseconds, because the program has yet to be compiled. */
const WARM_UP = 150_000;

export interface FlowsOptions {
  readonly log: Log;
  readonly connect: Connect;
  readonly runtime: Runtime;
  /** Seconds between two ticks. */
  readonly tick: number;
  /** Seconds between two dumps, when these are cheap. */
  readonly every: number;
  /** The share of one CPU that dumping may take, from 0 to 1. */
  readonly share: number;
  /** Used percentage of the table above which it is dumped half as often. */
  readonly fullAbove: number;
  /** Whether the table is expected to be dumped: that it cannot be is then an error in the log. */
  readonly required: boolean;
}

type Values = Record<string, number | undefined>;

export class FlowsModule implements Module {
  readonly name = 'flows';
  readonly #options: FlowsOptions;
  readonly #interval: DumpInterval;
  readonly #attempts: Attempts;
  readonly #values: Values = {};
  readonly #samples: readonly Sample[] = [{ scope: 'host', instance: '', labels: {}, values: this.#values }];
  #dumper: Dumper | undefined;
  #isDumping = false;
  #isFull = false;
  #isWarm = false;
  #isClosed = false;
  /** What has been dumped since the last reading. */
  #latest: Dump | undefined;
  /** What went wrong since the last reading. */
  #failure: unknown;
  #next = Number.NEGATIVE_INFINITY;

  constructor(options: FlowsOptions) {
    this.#options = options;
    this.#interval = new DumpInterval({ shortest: options.every, tick: options.tick, share: options.share });
    this.#attempts = new Attempts({
      log: options.log,
      lost: 'the composition of the connection table is not drawn',
      back: 'the connection table can be dumped again',
      required: options.required,
    });
  }

  /** Seconds between two dumps at present. */
  get every(): number {
    return this.#interval.seconds;
  }

  /** Returns what was dumped since the last call, and begins to dump when that is due. */
  collect(at: number, isDrawn: boolean): readonly Sample[] {
    const latest = this.#latest;
    if (isDrawn) this.#latest = undefined;
    if (this.#failure !== undefined) this.#giveUp(at);
    if (!this.#isDumping && isDue(at, this.#next) && this.#attempts.isDue(at)) {
      this.#next = at + this.every * 1e6;
      this.#isDumping = true;
      // Nothing is thrown: what goes wrong is kept for the next reading.
      void this.#dump(at);
    }
    if (latest === undefined) return [];
    this.#fill(latest);
    return this.#samples;
  }

  close(): void {
    this.#isClosed = true;
    this.#disconnect();
  }

  #disconnect(): void {
    this.#dumper?.close();
    this.#dumper = undefined;
  }

  async #dump(at: number): Promise<void> {
    try {
      // The update that asked for it goes first.
      await this.#options.runtime.yield();
      if (this.#isClosed) return;
      this.#dumper ??= new Dumper(this.#options.connect(ROOM), this.#options.runtime);
      const dump = await this.#dumper.dump();
      if (dump !== undefined) this.#take(dump, at);
    } catch (error) {
      this.#failure = error;
    } finally {
      this.#isDumping = false;
    }
  }

  #take(dump: Dump, at: number): void {
    const { fullAbove, log } = this.#options;
    const before = this.every;
    this.#isFull = (dump.utilization ?? 0) > fullAbove * (this.#isFull ? FULL_MARGIN : 1);
    const cpuTime = this.#isWarm ? dump.cpuTime : dump.cpuTime - WARM_UP;
    this.#isWarm = true;
    this.#interval.update(cpuTime / 1e6, this.#isFull);
    this.#next = at + this.every * 1e6;
    this.#latest = dump;
    this.#attempts.succeeded(at);
    if (this.every === before) return;
    const fields = { entries: dump.tally.entries, cpu_ms: Math.round(dump.cpuTime / 1000), seconds: this.every };
    log.info('the connection table is dumped at another interval from now on', fields);
  }

  #giveUp(at: number): void {
    const failure = this.#failure;
    this.#failure = undefined;
    this.#disconnect();
    this.#attempts.failed(at, failure);
    this.#next = at;
  }

  #fill({ cpuTime, duration, tally, utilization }: Dump): void {
    const values = this.#values;
    tally.fill(values);
    values['flows_utilization'] = utilization;
    values['dump_duration'] = duration / 1000;
    values['dump_cpu_time'] = cpuTime / 1000;
  }
}

/**
 * Module `flows`: the composition of the connection table by protocol, TCP state, reply, NAT, address family and offload,
 * from dumps as often as the CPU share allows. Needs CAP_NET_ADMIN.
 */

import type { Connect } from '../access.ts';
import type { Context, ModuleSettings } from '../context.ts';
import type { Module, Sample, Status } from '../module.ts';
import type { Done, Work } from '../slices.ts';
import { Survey } from '../survey.ts';
import { type Dump, Dumper } from './dumper.ts';

/** The kernel sends at most 32 KiB of a dump at once. */
const MEMORY = { slots: 4, slotSize: 32 * 1024 };
/** A table above the limit counts as full until it falls below this part of it, so that the interval does not flap. */
const FULL_MARGIN = 0.95;

/** Settings of `modules.flows`. */
export interface FlowsSettings extends ModuleSettings {
  /** Seconds between two dumps, if these are cheap. */
  readonly update_every: number;
  /** Percentage of one CPU that dumps may use. */
  readonly cpu_share: number;
  /** Percentage of the table in use above which it is dumped half as often. */
  readonly full_above: number;
}

type Values = Record<string, number | undefined>;

export class FlowsModule implements Module {
  readonly name = 'flows';
  readonly #connect: Connect;
  readonly #fullAbove: number;
  readonly #survey: Survey<Dump>;
  readonly #values: Values = {};
  readonly #samples: readonly Sample[] = [{ scope: 'host', instance: '', labels: {}, values: this.#values }];
  #dumper: Dumper | undefined;
  #isFull = false;

  constructor({ budget, ctnetlink, log, runtime }: Context, settings: FlowsSettings) {
    this.#connect = ctnetlink;
    this.#fullAbove = settings.full_above;
    this.#survey = new Survey({
      log,
      runtime,
      tick: settings.every,
      every: settings.update_every,
      claim: budget.claim(this.name, settings.cpu_share / 100),
      required: settings.enabled === true,
      begin: () => this.#dump(),
      release: () => this.#disconnect(),
      isSpared: (dump) => this.#updateFull(dump),
      lost: 'the composition of the connection table is not collected',
      back: 'the connection table can be dumped',
      repaced: 'changed the interval between dumps of the connection table',
      counted: ({ tally }) => ({ entries: tally.entries }),
      from: 'ctnetlink',
    });
  }

  /** Seconds between two dumps at present. */
  get every(): number {
    return this.#survey.every;
  }

  /** Returns the dump since the last call, and begins the next one when it is due. */
  collect(at: number, isDrawn: boolean): readonly Sample[] {
    const latest = this.#survey.collect(at, isDrawn);
    if (latest === undefined) return [];
    this.#fill(latest);
    return this.#samples;
  }

  status(): Status {
    return { reads: ['ctnetlink'], problems: this.#survey.problems };
  }

  close(): void {
    this.#survey.close();
  }

  *#dump(): Work<Dump> {
    this.#dumper ??= new Dumper(this.#connect(MEMORY));
    return yield* this.#dumper.dump();
  }

  #disconnect(): void {
    this.#dumper?.close();
    this.#dumper = undefined;
  }

  /** Whether the table is so full that it is dumped half as often. */
  #updateFull({ utilization = 0 }: Dump): boolean {
    this.#isFull = utilization > this.#fullAbove * (this.#isFull ? FULL_MARGIN : 1);
    return this.#isFull;
  }

  #fill({ cpuTime, duration, value: { tally, utilization } }: Done<Dump>): void {
    const values = this.#values;
    tally.fill(values);
    values['flows_utilization'] = utilization;
    values['dump_duration'] = duration / 1000;
    values['dump_cpu_time'] = cpuTime / 1000;
  }
}

/**
 * Module `flows`: the composition of the connection table by protocol, TCP state, reply, NAT, address family, offload and
 * remaining time, who holds most of it, the ports that source NAT uses, and stuck connections, from dumps as often as the
 * CPU share allows. Needs CAP_NET_ADMIN.
 */

import type { TableUse } from '../../netlink/statistics.ts';
import type { Context, ModuleSettings } from '../context.ts';
import type { Module, Sample, Status } from '../module.ts';
import type { Done } from '../slices.ts';
import { Survey } from '../survey.ts';
import type { Breakdown } from './breakdown.ts';
import { Extent, type Method, scaleOf, standardErrorOf } from './extent.ts';
import { LargestShares } from './largest_shares.ts';
import { RemainingTime } from './remaining_time.ts';
import type { SnatPool } from './snat_ports.ts';
import { SnatUse } from './snat_use.ts';
import { type StuckGroup, StuckTracker } from './stuck.ts';
import { type Scan, TableReader } from './table_reader.ts';
import { Tally } from './tally.ts';

/** A table above the limit counts as full until it falls below this part of it, so that the interval does not flap. */
const FULL_MARGIN = 0.95;

/**
 * A table with more entries is dumped every time. With so few, a dump costs what it takes the kernel to walk the empty
 * buckets, and the same number of entries most likely means the same entries.
 */
const FEW = 100;

/** Settings of `modules.flows`. */
export interface FlowsSettings extends ModuleSettings {
  /** Seconds between two dumps, if these are cheap. */
  readonly update_every: number;
  /** Percentage of one CPU that dumps may use. */
  readonly cpu_share: number;
  /** Percentage of the table in use above which it is dumped half as often, unless it is sampled. */
  readonly full_above: number;
  readonly method: Method;
  /** The ports that source NAT chooses from; 1024 to 65535 for other addresses. */
  readonly snat_pools: readonly SnatPool[];
}

type Values = Record<string, number | undefined>;

type Dump = Scan<readonly Breakdown[]>;

export class FlowsModule implements Module {
  readonly name = 'flows';
  readonly #fullAbove: number;
  readonly #survey: Survey<Dump>;
  readonly #values: Values = {};
  readonly #samples: readonly Sample[] = [{ scope: 'host', instance: '', labels: {}, values: this.#values }];
  readonly #table: TableReader;
  readonly #snat: SnatUse;
  readonly #stuck = new StuckTracker();
  #isFull = false;

  constructor({ budget, ctnetlink, fs, log, runtime }: Context, settings: FlowsSettings) {
    this.#table = new TableReader(ctnetlink, fs.isTransient);
    this.#fullAbove = settings.full_above;
    this.#snat = new SnatUse(settings.snat_pools);
    const { cpu_share, method, update_every: every } = settings;
    const claim = budget.claim(this.name, cpu_share / 100);
    const extent = new Extent({ method, every, claim });
    this.#survey = new Survey<Dump>({
      log,
      runtime,
      tick: settings.every,
      every,
      claim,
      required: settings.enabled === true,
      begin: () => {
        const begin = (): readonly Breakdown[] => this.#breakdowns(runtime.monotonic());
        return this.#table.read({ begin, most: (use) => extent.most(use) });
      },
      sign: () => this.#sign(),
      release: () => this.#table.close(),
      ran: ({ cpuTime, value }) => extent.learn(value, cpuTime),
      isSpared: (dump) => this.#updateFull(dump) && !dump.isSample,
      lost: 'the composition of the connection table is not collected',
      back: 'the connection table can be dumped',
      repaced: 'changed the interval between dumps of the connection table',
      counted: ({ read }) => ({ entries: read }),
      from: 'ctnetlink',
    });
  }

  /** Seconds between two dumps at present. */
  get every(): number {
    return this.#survey.every;
  }

  /** Stuck connections by destination and translation, as of the last dump; `undefined` if unknown. */
  get stuckGroups(): Iterable<StuckGroup> | undefined {
    return this.#stuck.latest?.groups;
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

  /** @param at microseconds of the monotonic clock. */
  #breakdowns(at: number): readonly Breakdown[] {
    return [new Tally(), new LargestShares(), new RemainingTime(), this.#snat.begin(), this.#stuck.begin(at)];
  }

  /** What changes when a nearly empty table does; `undefined` of any other. */
  #sign(): string | undefined {
    const { entries, max } = this.#table.use();
    return entries > FEW ? undefined : `${entries} of ${max}`;
  }

  /** Whether the table is so full that it is dumped half as often. */
  #updateFull({ use }: Dump): boolean {
    const utilization = utilizationOf(use) ?? 0;
    this.#isFull = utilization > this.#fullAbove * (this.#isFull ? FULL_MARGIN : 1);
    return this.#isFull;
  }

  #fill({ cpuTime, duration, value }: Done<Dump>): void {
    const values = this.#values;
    const scale = scaleOf(value);
    for (const breakdown of value.visitors) breakdown.fill(values, scale);
    values['flows_utilization'] = utilizationOf(value.use);
    values['dump_duration'] = duration / 1000;
    values['dump_cpu_time'] = cpuTime / 1000;
    values['dump_read'] = 100 / scale;
    values['dump_standard_error'] = standardErrorOf(value);
  }
}

/** Percentage of the table in use; `undefined` if there is no limit or it is unknown. */
function utilizationOf({ entries, max }: TableUse): number | undefined {
  return max === undefined ? undefined : (entries / max) * 100;
}
